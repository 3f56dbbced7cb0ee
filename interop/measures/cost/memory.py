"""Resident memory: of a core and an edge that have nothing to do, and what idle client connections add."""

from __future__ import annotations

import time
from pathlib import Path

from ...clients.http1 import Http1Client
from ...lib import accounts
from ...lib.pair import Pair
from ...origins.nginx import Nginx
from .. import Settings
from . import Metric

MIB = 1 << 20
METRICS = {
  "idle_core_mib": Metric("idle core, resident", "MiB"),
  "idle_edge_mib": Metric("idle edge, resident", "MiB"),
  "edge_growth_mib": Metric("edge with 1 000 idle HTTP/1.1 clients, more", "MiB"),
  "core_growth_mib": Metric("core behind that edge, more", "MiB"),
  "edge_growth_10k_mib": Metric("edge with 10 000 idle HTTP/1.1 clients, more", "MiB"),
  "core_growth_10k_mib": Metric("core behind an edge with 10 000, more", "MiB"),
}
NAMES = {1000: "growth", 10_000: "growth_10k"}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  files = scratch / "files"
  files.mkdir()
  clients: list[Http1Client] = []
  with Nginx(files, scratch) as nginx, Pair(nginx.url, subject=subject, loops=settings.loops) as pair:
    time.sleep(1)
    core, edge = _resident(pair)
    found = {"idle_core_mib": core, "idle_edge_mib": edge}
    try:
      for count in settings.idle_connections:
        while len(clients) < count:
          clients.append(Http1Client(pair.port))
          if clients[-1].request("GET", "/hello").status != 200:
            raise AssertionError(f"client {len(clients)} was not answered")
        time.sleep(1)
        more_core, more_edge = _resident(pair)
        found |= {f"edge_{NAMES[count]}_mib": more_edge - edge, f"core_{NAMES[count]}_mib": more_core - core}
    finally:
      for client in clients:
        client.close()
  return found


def _resident(pair: Pair) -> tuple[float, float]:
  """Of core and edge, in MiB."""
  core, edge = (accounts.memory(process.pid).resident / MIB for process in (pair.core, pair.edge))
  return core, edge
