"""Resident memory: of a core and an edge that have nothing to do, and what idle client connections add at the edge."""

from __future__ import annotations

import time
from pathlib import Path

from ..clients.http1 import Http1Client
from ..lib import accounts
from ..lib.pair import Pair
from ..origins.nginx import Nginx
from . import Metric, Settings

MIB = 1 << 20
METRICS = {
  "idle_core_mib": Metric("idle core, resident", "MiB"),
  "idle_edge_mib": Metric("idle edge, resident", "MiB"),
  "edge_growth_mib": Metric("edge with 1 000 idle HTTP/1.1 clients, more", "MiB"),
  "core_growth_mib": Metric("core then, more", "MiB"),
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  files = scratch / "files"
  files.mkdir()
  with Nginx(files, scratch) as nginx, Pair(nginx.url, subject=subject, loops=settings.loops) as pair:
    time.sleep(1)
    core, edge = (accounts.memory(process.pid).resident / MIB for process in (pair.core, pair.edge))
    clients = [Http1Client(pair.port) for _ in range(settings.idle_connections)]
    try:
      for client in clients:
        if client.request("GET", "/hello").status != 200:
          raise AssertionError("a client was not answered")
      time.sleep(1)
      more_core, more_edge = (accounts.memory(process.pid).resident / MIB for process in (pair.core, pair.edge))
    finally:
      for client in clients:
        client.close()
  return {"idle_core_mib": core, "idle_edge_mib": edge, "edge_growth_mib": more_edge - edge, "core_growth_mib": more_core - core}
