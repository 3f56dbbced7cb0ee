"""Small gRPC calls of 64 callers from edge to core, from core to edge, and both at once: calls a second, CPU of edge and core, P99.

The callers are h2load and the origins nghttpd, as in grpc_cost. With both directions at once the processors are shared by two loads:
one way alone is measured beside an equal load that does not touch the gateways, so that what is compared is what the directions do
to each other."""

from __future__ import annotations

import threading
from pathlib import Path

from ...lib import generators, ports, programs
from ...lib.accounts import total_cpu
from ...lib.cloud import Cloud
from ...lib.process import Process
from .. import Settings
from . import Metric

SUBJECTS = ("quicgw",)
"""Nobody else carries requests both ways."""
CALLERS = (4, 16)
"""Connections, and calls at once on each."""
WAYS = {"up": "edge to core", "down": "core to edge"}
METRICS = {
  **{f"{way}_cpu_s_per_100k": Metric(f"small gRPC calls, {words}: CPU of edge and core per 100 000", "s") for way, words in WAYS.items()},
  **{f"{way}_calls_per_second": Metric(f"small gRPC calls, {words}", "calls/s", less_is_better=False) for way, words in WAYS.items()},
  **{f"{way}_beside_p99_ms": Metric(f"small gRPC calls, {words}, beside a load that is not the gateways': P99", "ms") for way, words in WAYS.items()},
  **{f"{way}_both_p99_ms": Metric(f"small gRPC calls, {words}, both ways at once: P99", "ms") for way, words in WAYS.items()},
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  message = scratch / "message"
  message.write_bytes(b"\0\0\0\0\x07message")
  calls = settings.calls_or(50_000, 20_000)
  call = {"path": "/echo.Echo/Unary", "connections": CALLERS[0], "streams": CALLERS[1], "body": message,
          "fields": ("content-type: application/grpc", "te: trailers")}
  more = {"loops": settings.loops} if settings.loops else {}
  with _origin(scratch, "upper") as upper, _origin(scratch, "lower") as lower:
    listeners = {"down": {"service": "lower", "edge": "edge-1"}}
    with Cloud(listeners, services={"upper": {"origins": [f"h2c://127.0.0.1:{upper.port}"]}}, log={"access": False}, **more) as cloud:
      edge = cloud.edge(expose={"lower": f"h2c://127.0.0.1:{lower.port}"}, log={"access": False}, **more).start_and_wait()
      entrances = {"up": edge.port, "down": cloud.port}
      found: dict[str, float] = {}
      for way, port in entrances.items():
        _load(port, scratch / "warm", requests=3000, **call)
      for way, port in entrances.items():
        before = total_cpu((cloud.core.pid, edge.process.pid))
        load = _load(port, scratch / way, requests=calls, **call)
        found[f"{way}_cpu_s_per_100k"] = (total_cpu((cloud.core.pid, edge.process.pid)) - before) * 100_000 / calls
        found[f"{way}_calls_per_second"] = load.per_second
      for way, port in entrances.items():
        # The other direction's origin is asked directly.
        other = lower.port if way == "up" else upper.port
        found[f"{way}_beside_p99_ms"] = _together({way: port, "other": other}, scratch, calls, call)[way]
      for way, p99 in _together(entrances, scratch, calls, call).items():
        found[f"{way}_both_p99_ms"] = p99
      return found


class _Origin(Process):
  """nghttpd, which gives back what it gets."""

  port = 0


def _origin(scratch: Path, name: str) -> _Origin:
  port = ports.free_port()
  origin = _Origin(name, [programs.system("nghttpd"), "--no-tls", "--echo-upload", "--trailer", "grpc-status: 0", "-d", scratch, str(port)], scratch)
  origin.port = port
  ports.wait_for_tcp(port, unless=origin.check)
  return origin


def _load(port: int, log: Path, **call: object) -> generators.Load:
  load = generators.h2load(port, log=log, **call)
  if load.failed:
    raise AssertionError(f"{load.failed} calls failed")
  return load


def _together(entrances: dict[str, int], scratch: Path, calls: int, call: dict[str, object]) -> dict[str, float]:
  """P99 in milliseconds of loads that run side by side, over the calls that began while all of them ran."""
  errors: list[Exception] = []

  def run(way: str, port: int) -> None:
    try:
      _load(port, scratch / f"{way}.log", requests=calls, **call)
    except Exception as error:  # noqa: BLE001, raised again below
      errors.append(error)

  threads = [threading.Thread(target=run, args=item) for item in entrances.items()]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  if errors:
    raise errors[0]
  times = {way: generators.h2load_times(scratch / f"{way}.log") for way in entrances}
  begin, end = max(each[0][0] for each in times.values()), min(each[-1][0] for each in times.values())
  p99: dict[str, float] = {}
  for way, each in times.items():
    inside = sorted(took for at, took in each if begin <= at <= end)
    p99[way] = inside[int(len(inside) * 0.99)] / 1000
  return p99
