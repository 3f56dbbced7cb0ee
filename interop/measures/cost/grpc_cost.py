"""CPU time of edge and core for small gRPC calls of 64 callers, and calls a second. The caller is h2load and the origin
nghttpd, fast enough not to be what is measured: POST, 12 bytes each way, an answer with trailers."""

from __future__ import annotations

from pathlib import Path

from ...lib import accounts, generators
from ...lib.pair import Pair
from ...origins.unary import UnaryOrigin
from .. import Settings
from . import Metric

CALLERS = (4, 16)
"""Connections, and calls at once on each."""
METRICS = {
  "cpu_s_per_100k": Metric("small gRPC calls, 64 callers: CPU of edge and core per 100 000", "s"),
  "edge_cpu_s_per_100k": Metric("small gRPC calls, 64 callers: CPU of the edge alone per 100 000", "s"),
  "calls_per_second": Metric("small gRPC calls, 64 callers", "calls/s", less_is_better=False),
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  calls = settings.calls_or(100_000, 20_000)
  with UnaryOrigin(scratch) as origin:
    call = {"connections": CALLERS[0], "streams": CALLERS[1], **origin.call}
    with Pair(f"h2c://127.0.0.1:{origin.port}", subject=subject, loops=settings.loops) as pair:
      generators.h2load(pair.port, requests=3000, **call)
      before, edge_before = pair.cpu_seconds(), accounts.cpu_seconds(pair.edge.pid)
      load = generators.h2load(pair.port, requests=calls, **call)
      if load.failed:
        raise AssertionError(f"{load.failed} calls failed")
      scale = 100_000 / calls
      return {
        "cpu_s_per_100k": (pair.cpu_seconds() - before) * scale,
        "edge_cpu_s_per_100k": (accounts.cpu_seconds(pair.edge.pid) - edge_before) * scale,
        "calls_per_second": load.per_second}
