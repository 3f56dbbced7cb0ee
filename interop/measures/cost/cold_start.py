"""From nothing to an answer: core and edge are started together, and a client keeps asking until the origin answers through both."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

from ...lib.pair import Pair
from ...lib.process import Process
from ...lib.waiting import wait_until
from ...origins.nginx import Nginx
from .. import Settings
from . import Metric

METRICS = {"cold_start_ms": Metric("cold start: core and edge started at once, to the first answer", "ms")}
TRIES = 5
LIMIT_S = 30


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  files = scratch / "files"
  files.mkdir()
  with Nginx(files, scratch) as nginx:
    return {"cold_start_ms": sorted(_try(nginx.url, subject, settings) for _ in range(TRIES))[TRIES // 2] * 1000}


def _try(url: str, subject: str, settings: Settings) -> float:
  # Certificates are made here, before the clock runs.
  pair = Pair(url, subject=subject, loops=settings.loops)
  try:
    core, edge = pair.core_command(), pair.edge_command()
    begin = time.monotonic()
    pair.core, pair.edge = Process("core", core, pair.folder), Process("edge", edge, pair.folder)
    wait_until(lambda: _answered(pair.port), LIMIT_S, "no answer through a fresh core and edge", every=0.002, unless=pair.check)
    return time.monotonic() - begin
  finally:
    pair.stop()


def _answered(port: int) -> bool:
  connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
  try:
    connection.request("GET", "/hello")
    return connection.getresponse().status == 200
  except (OSError, http.client.HTTPException):
    # Nobody listens yet, or what listens has no link yet: both are part of the time that is measured.
    return False
  finally:
    connection.close()
