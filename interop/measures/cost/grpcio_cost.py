"""The same with real gRPC on both sides: 64 callers of grpcio, each waiting for its answer, before a grpcio origin. Python is
the bottleneck, so calls come one by one and gateways cannot batch: this is the dearer and more common case."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ...clients.grpc_calls import call_crosses
from ...lib.pair import Pair
from ...lib.process import Process
from ...lib.waiting import wait_until
from .. import Settings
from . import Metric

METRICS = {
  "cpu_s_per_100k": Metric("grpcio, 64 callers: CPU of edge and core per 100 000 calls", "s"),
  "calls_per_second": Metric("grpcio, 64 callers", "calls/s", less_is_better=False),
}
ORIGIN = """
import asyncio, grpc
async def echo(request, context):
  return request
async def main():
  server = grpc.aio.server()
  handlers = {"Unary": grpc.unary_unary_rpc_method_handler(echo)}
  server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("echo.Echo", handlers)])
  print("port", server.add_insecure_port("127.0.0.1:0"), flush=True)
  await server.start()
  await server.wait_for_termination()
asyncio.run(main())
"""
CALLERS = """
import asyncio, grpc, sys, time
async def main(port, calls):
  channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(4)]
  left = iter(range(calls))
  async def caller(unary):
    for _ in left:
      assert await unary(b"message") == b"message"
  begin = time.monotonic()
  await asyncio.gather(*(caller(channels[index % 4].unary_unary("/echo.Echo/Unary")) for index in range(64)))
  print(calls / (time.monotonic() - begin))
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
"""


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  calls = settings.calls_or(100_000, 20_000) // 5
  with Process("origin", [sys.executable, "-c", ORIGIN], scratch) as origin:
    wait_until(lambda: "port" in origin.log.read_text(), 10, "no origin", unless=origin.check)
    port = int(origin.log.read_text().split()[1])
    with Pair(f"h2c://127.0.0.1:{port}", subject=subject, loops=settings.loops, probe=call_crosses) as pair:
      _call(pair.port, 1000)
      before = pair.cpu_seconds()
      speed = _call(pair.port, calls)
      return {"cpu_s_per_100k": (pair.cpu_seconds() - before) * 100_000 / calls, "calls_per_second": speed}


def _call(port: int, calls: int) -> float:
  run = subprocess.run([sys.executable, "-c", CALLERS, str(port), str(calls)], capture_output=True, text=True, timeout=300)
  if run.returncode:
    raise AssertionError(run.stderr[-500:])
  return float(run.stdout)
