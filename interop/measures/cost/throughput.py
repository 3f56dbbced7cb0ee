"""Requests a second of 12 bytes from nginx: HTTP/2 with 1 and 64 at once, HTTP/1.1 keep-alive on 1, 32 and 256 connections."""

from __future__ import annotations

from pathlib import Path

from ...lib import generators
from ...lib.pair import Pair
from ...origins.nginx import Nginx
from .. import Settings
from . import Metric

SECONDS = 3.0
SHAPES = {"h2_1": (1, 1), "h2_64": (4, 16)}
CONNECTIONS = (1, 32, 256)
METRICS = {
  "h2_1": Metric("HTTP/2, 1 at once", "requests/s", less_is_better=False),
  "h2_64": Metric("HTTP/2, 64 at once", "requests/s", less_is_better=False),
  **{f"http1_{count}": Metric(f"HTTP/1.1, {count} connections", "requests/s", less_is_better=False) for count in CONNECTIONS},
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  files = scratch / "files"
  files.mkdir()
  found: dict[str, float] = {}
  with Nginx(files, scratch) as nginx, Pair(nginx.url, subject=subject, loops=settings.loops) as pair:
    generators.h2load(pair.port, "/hello", requests=2000)
    for name, (connections, streams) in SHAPES.items():
      found[name] = _checked(generators.h2load(pair.port, "/hello", seconds=SECONDS, connections=connections, streams=streams))
    for count in CONNECTIONS:
      found[f"http1_{count}"] = _checked(generators.wrk(pair.port, "/hello", seconds=SECONDS, connections=count))
  return found


def _checked(load: generators.Load) -> float:
  if load.failed:
    raise AssertionError(f"{load.failed} of {load.done} requests failed")
  return load.per_second
