"""TCP forwarding: CPU time of edge and core per gigabyte beside the same bytes as HTTP, in turns, and the memory of idle tunnels.

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
from ...lib.pair import Pair
from ...lib.process import Process
from ...origins.nginx import Nginx
from ...origins.tcp import connect, read_exactly
from .. import Settings
from ..results import OWN
from . import Metric

GIGABYTE = 1e9
MIB = 1 << 20
TURNS = 3
METRICS = {
  "tcp_cpu_s_per_gb": Metric("bulk through a TCP service: CPU of edge and core per GB", "s"),
  "tcp_over_http": Metric("the same over HTTP/1.1's", "x"),
  "tcp_mb_per_second": Metric("bulk through a TCP service", "MB/s", less_is_better=False),
  "edge_idle_tunnels_mib": Metric("edge with idle TCP tunnels (10 000, in a look 1 000), more", "MiB"),
  "core_idle_tunnels_mib": Metric("core with them, more", "MiB"),
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  return _bulk(scratch, settings) | _idle(scratch, settings) if subject == OWN else {}


def _bulk(scratch: Path, settings: Settings) -> dict[str, float]:
  files, tcp = scratch / "files", ports.free_port()
  files.mkdir()
  size = settings.bulk_bytes
  with (files / "bulk").open("wb") as file:
    file.truncate(size)
  costs: dict[int, list[float]] = {}
  seconds: list[float] = []
  with Nginx(files, scratch) as nginx, Pair(
      {"http": nginx.url, "tcp": f"tcp://127.0.0.1:{nginx.port}"}, core_lines=["default_service: http"],
      edge_lines=[f"  - tcp: 127.0.0.1:{tcp}", "    service: tcp"], loops=settings.loops) as pair:
    for port in (tcp, pair.port) * TURNS:
      before, begin = pair.cpu_seconds(), time.monotonic()
      url = f"http://127.0.0.1:{port}/bulk"
      run = subprocess.run(
        [str(programs.system("curl")), "-sSf", "--http1.1", "-o", "/dev/null", "-w", "%{size_download}", url],
        capture_output=True, text=True, timeout=300)
      if run.returncode or run.stdout.strip() != str(size):
        raise AssertionError(f"{run.stdout[-300:]}{run.stderr[-300:]}")
      costs.setdefault(port, []).append((pair.cpu_seconds() - before) * GIGABYTE / size)
      if port == tcp:
        seconds.append(time.monotonic() - begin)
  of_tcp, of_http = (statistics.median(costs[port]) for port in (tcp, pair.port))
  return {
    "tcp_cpu_s_per_gb": of_tcp, "tcp_over_http": of_tcp / of_http, "tcp_mb_per_second": size / 1e6 / statistics.median(seconds)}


def _idle(scratch: Path, settings: Settings) -> dict[str, float]:
  local, port, count = ports.free_port(), ports.free_port(), max(settings.idle_connections)
  room = ["transport:", f"  max_streams: {count + 1000}"]
  clients: list[socket.socket] = []
  # A process of its own: with both ends of all tunnels one would have more files open than it may.
  echo = [sys.executable, "-m", "interop.origins.tcp_echo", str(port)]
  with Process("echo", echo, scratch, env={"PYTHONPATH": str(programs.REPOSITORY)}) as origin, Pair(
      {"unused": "http://127.0.0.1:1", "tcp": f"tcp://127.0.0.1:{port}"}, probe=lambda _: True, core_lines=room, loops=settings.loops,
      edge_lines=[f"  - tcp: 127.0.0.1:{local}", "    service: tcp", *room]) as pair:
    ports.wait_for_tcp(port, unless=origin.check)
    try:
      before = (0.0, 0.0)
      while len(clients) < count:
        clients.append(connect(local))
        clients[-1].sendall(b"ping")
        if read_exactly(clients[-1], 4) != b"ping":
          raise AssertionError("a tunnel carried something else")
        if len(clients) == 1:
          time.sleep(1)
          before = _resident(pair)
      time.sleep(2)
      edge, core = (after - each for after, each in zip(_resident(pair), before))
    finally:
      for client in clients:
        client.close()
  return {"edge_idle_tunnels_mib": edge, "core_idle_tunnels_mib": core}


def _resident(pair: Pair) -> tuple[float, float]:
  """Of edge and core, in MiB."""
  edge, core = (accounts.memory(process.pid).resident / MIB for process in (pair.edge, pair.core))
  return edge, core
