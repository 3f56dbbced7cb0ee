"""Small gRPC calls from edge to core, from core to edge, and both at once: calls a second, CPU of edge and core, P99.

The callers are h2load and the origins nghttpd, as in grpc_cost. Callers ask again at once, so that the processors are always busy and a
call takes as long as all callers together make it: both ways at once are taken with 64 callers each, and with 32, which are as many
together as one way alone has."""

from __future__ import annotations

import threading
from pathlib import Path

from ...lib import generators
from ...lib.accounts import total_cpu
from ...lib.cloud import Cloud
from ...origins.unary import UnaryOrigin
from .. import Settings
from . import Metric

SUBJECTS = ("quicgw",)
"""Nobody else carries requests both ways."""
CONNECTIONS = 4
STREAMS = 16
"""Calls at once on each connection."""
WAYS = {"up": "edge to core", "down": "core to edge"}
METRICS = {
  **{f"{way}_cpu_s_per_100k": Metric(f"small gRPC calls, {words}, 64 callers: CPU of edge and core per 100 000", "s")
     for way, words in WAYS.items()},
  **{f"{way}_calls_per_second": Metric(f"small gRPC calls, {words}, 64 callers", "calls/s", less_is_better=False) for way, words in WAYS.items()},
  **{f"{way}_p99_ms": Metric(f"small gRPC calls, {words}, 64 callers: P99", "ms") for way, words in WAYS.items()},
  **{f"{way}_both_64_p99_ms": Metric(f"small gRPC calls, {words}, 64 callers, while 64 call the other way: P99", "ms") for way, words in WAYS.items()},
  **{f"{way}_both_32_p99_ms": Metric(f"small gRPC calls, {words}, 32 callers, while 32 call the other way: P99", "ms")
     for way, words in WAYS.items()},
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  calls = settings.calls_or(50_000, 20_000)
  more = {"loops": settings.loops} if settings.loops else {}
  with UnaryOrigin(scratch, "upper") as upper, UnaryOrigin(scratch, "lower") as lower:
    call = {"connections": CONNECTIONS, "streams": STREAMS, **upper.call}
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
        found[f"{way}_p99_ms"] = _p99(generators.h2load_times(scratch / way))
      for callers in (64, 32):
        for way, p99 in _together(entrances, scratch, calls, {**call, "streams": callers // CONNECTIONS}).items():
          found[f"{way}_both_{callers}_p99_ms"] = p99
      return found


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
  return {way: _p99([(at, took) for at, took in each if begin <= at <= end]) for way, each in times.items()}


def _p99(times: list[tuple[int, int]]) -> float:
  """In milliseconds."""
  took = sorted(each for _, each in times)
  return took[int(len(took) * 0.99)] / 1000
