"""CPU time of edge and core for small gRPC calls of 64 callers, and calls a second. The caller is h2load and the origin
nghttpd, fast enough not to be what is measured: POST /echo.Echo/Unary, 12 bytes each way, an answer with trailers."""

from __future__ import annotations

from pathlib import Path

from ...lib import accounts, generators, ports, programs
from ...lib.pair import Pair
from ...lib.process import Process
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
  message = scratch / "message"
  message.write_bytes(b"\0\0\0\0\x07message")
  port, calls = ports.free_port(), settings.calls_or(100_000, 20_000)
  argv = [programs.system("nghttpd"), "--no-tls", "--echo-upload", "--trailer", "grpc-status: 0", "-d", scratch, str(port)]
  call = {"path": "/echo.Echo/Unary", "connections": CALLERS[0], "streams": CALLERS[1], "body": message,
          "fields": ("content-type: application/grpc", "te: trailers")}
  with Process("origin", argv, scratch) as origin:
    ports.wait_for_tcp(port, unless=origin.check)
    with Pair(f"h2c://127.0.0.1:{port}", subject=subject, loops=settings.loops) as pair:
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
