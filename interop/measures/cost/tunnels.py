"""TCP forwarding in both directions: CPU time of edge and core per gigabyte beside the same bytes as HTTP, in turns, and the memory of
idle tunnels.

Only quicgw is asked: the others would be measured with another protocol in each.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from ...lib import accounts, ports, programs
from ...lib.cloud import Cloud, Edge
from ...lib.process import Process
from ...origins.nginx import Nginx
from ...origins.tcp import connect, read_exactly
from .. import Settings
from ..results import OWN
from . import Metric

GIGABYTE = 1e9
MIB = 1 << 20
TURNS = 3
WAYS = {"up": "edge to core", "down": "core to edge"}
"""Who opens the tunnels; the bytes of bulk flow against it."""
METRICS = {
  **{f"{way}_tcp_cpu_s_per_gb": Metric(f"bulk through a TCP service, {words}: CPU of both per GB", "s") for way, words in WAYS.items()},
  **{f"{way}_tcp_over_http": Metric(f"the same over HTTP/1.1's, {words}", "x") for way, words in WAYS.items()},
  **{f"{way}_tcp_mb_per_second": Metric(f"bulk through a TCP service, {words}", "MB/s", less_is_better=False) for way, words in WAYS.items()},
  **{f"{way}_idle_tunnels_{end}_mib": Metric(f"{end} with idle TCP tunnels, {words} (10 000, in a look 1 000), more", "MiB")
     for way, words in WAYS.items() for end in ("edge", "core")},
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  if subject != OWN:
    return {}
  return _bulk(scratch, settings) | {key: value for way in WAYS for key, value in _idle(way, scratch, settings).items()}


class _Ends:
  """An edge and a core, each with a service behind it, the other's listeners for it, and their ports."""

  def __init__(self, settings: Settings, services: dict[str, str], more: dict[str, object]) -> None:
    more = {"log": {"access": False}, **more, **({"loops": settings.loops} if settings.loops else {})}
    kinds = {name: "tcp" if url.startswith("tcp:") else "address" for name, url in services.items()}
    self.cloud = Cloud({name: {"kind": kind, "service": name, "edge": "edge-1"} for name, kind in kinds.items()}, services=services, **more)
    near = {name: ports.free_port() for name in services}
    listeners = [{kind: f"127.0.0.1:{near[name]}", "service": name} for name, kind in kinds.items()]
    self.edge: Edge = self.cloud.edge(expose=services, listeners=listeners, **more)
    self.entrances = {"up": near, "down": self.cloud.ports}

  def __enter__(self) -> _Ends:
    self.cloud.__enter__()
    self.edge.start_and_wait()
    return self

  def __exit__(self, *what: object) -> None:
    self.cloud.__exit__(*what)

  @property
  def pids(self) -> dict[str, int]:
    return {"edge": self.edge.process.pid, "core": self.cloud.core.pid}


def _bulk(scratch: Path, settings: Settings) -> dict[str, float]:
  files, size = scratch / "files", settings.bulk_bytes
  files.mkdir()
  with (files / "bulk").open("wb") as file:
    file.truncate(size)
  found: dict[str, float] = {}
  with Nginx(files, scratch) as nginx, _Ends(settings, {"http": nginx.url, "tcp": f"tcp://127.0.0.1:{nginx.port}"}, {}) as ends:
    for way in WAYS:
      costs: dict[str, list[float]] = {"tcp": [], "http": []}
      seconds: list[float] = []
      for service in ("tcp", "http") * TURNS:
        before, begin = accounts.total_cpu(ends.pids.values()), time.monotonic()
        _download(ends.entrances[way][service], size)
        costs[service].append((accounts.total_cpu(ends.pids.values()) - before) * GIGABYTE / size)
        if service == "tcp":
          seconds.append(time.monotonic() - begin)
      of_tcp, of_http = (statistics.median(costs[service]) for service in ("tcp", "http"))
      found |= {f"{way}_tcp_cpu_s_per_gb": of_tcp, f"{way}_tcp_over_http": of_tcp / of_http,
                f"{way}_tcp_mb_per_second": size / 1e6 / statistics.median(seconds)}
  return found


def _download(port: int, size: int) -> None:
  run = subprocess.run(
    [str(programs.system("curl")), "-sSf", "--http1.1", "-o", "/dev/null", "-w", "%{size_download}", f"http://127.0.0.1:{port}/bulk"],
    capture_output=True, text=True, timeout=300)
  if run.returncode or run.stdout.strip() != str(size):
    raise AssertionError(f"{run.stdout[-300:]}{run.stderr[-300:]}")


def _idle(way: str, scratch: Path, settings: Settings) -> dict[str, float]:
  port, count = ports.free_port(), max(settings.idle_connections)
  clients: list[socket.socket] = []
  # A process of its own: with both ends of all tunnels one would have more files open than it may.
  echo = [sys.executable, "-m", "interop.origins.tcp_echo", str(port)]
  with Process("echo", echo, scratch, env={"PYTHONPATH": str(programs.REPOSITORY)}) as origin:
    ports.wait_for_tcp(port, unless=origin.check)
    with _Ends(settings, {"tcp": f"tcp://127.0.0.1:{port}"}, {"transport": {"max_streams": count + 1000}}) as ends:
      before: dict[str, int] = {}
      try:
        while len(clients) < count:
          clients.append(connect(ends.entrances[way]["tcp"]))
          clients[-1].sendall(b"ping")
          if read_exactly(clients[-1], 4) != b"ping":
            raise AssertionError("a tunnel carried something else")
          if len(clients) == 1:
            time.sleep(1)
            before = _resident(ends)
        time.sleep(2)
        return {f"{way}_idle_tunnels_{end}_mib": (after - before[end]) / MIB for end, after in _resident(ends).items()}
      finally:
        for client in clients:
          client.close()


def _resident(ends: _Ends) -> dict[str, int]:
  return {end: accounts.memory(pid).resident for end, pid in ends.pids.items()}
