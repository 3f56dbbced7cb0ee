"""Warm hits of the module cache beside nginx's proxy_cache, as people put it before a module proxy today.

`python -m interop.measures.module_cache [--seconds 5] [--repeats 5]` with QUICGW set prints a table: hits a second over one kind of
client, and the CPU time of the serving process for each, medians with least and most. The two take turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ..lib import accounts, generators, ports, programs
from ..lib.pair import Pair
from ..lib.process import Process
from ..origins.module_tree import write_tree
from ..origins.nginx import Nginx

# What is asked for, and over how many connections of HTTP/1.1.
LOADS = {".info": ("/example.test/small/@v/v1.2.3.info", 64), "20 MB zip": ("/example.test/large/@v/v1.2.3.zip", 4)}
CACHING = """
daemon off; pid nginx.pid; error_log stderr warn; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; proxy_temp_path temp; client_body_temp_path body;
  fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=modules:10m max_size=10g inactive=30d use_temp_path=off;
  upstream origin {{ server {origin}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1; proxy_set_header Connection "";
    location / {{ proxy_pass http://origin; proxy_cache modules; proxy_cache_valid 200 30d; proxy_cache_lock on; proxy_cache_use_stale error timeout updating; }}
  }}
}}
"""


class CachingNginx:
  """nginx with proxy_cache and connections to its origin that it keeps; runs inside a `with` block, in a folder that is made for it."""

  def __init__(self, origin: str, folder: Path) -> None:
    self.port, self._folder = ports.free_port(), folder
    folder.mkdir()
    # Workers run as another user.
    for each in (folder, *folder.parents):
      if each != Path("/"):
        each.chmod(each.stat().st_mode | 0o005)
    (folder / "cache").mkdir()
    (folder / "cache").chmod(0o777)
    (folder / "nginx.conf").write_text(CACHING.format(folder=folder, port=self.port, origin=origin.removeprefix("http://")))

  @property
  def url(self) -> str:
    return f"http://127.0.0.1:{self.port}"

  def __enter__(self) -> CachingNginx:
    command = [programs.system("nginx"), "-p", f"{self._folder}/", "-c", self._folder / "nginx.conf", "-e", "stderr"]
    self.process = Process("nginx", command, self._folder)
    ports.wait_for_tcp(self.port, unless=self.process.check)
    return self

  def __exit__(self, *_: object) -> None:
    self.process.stop()


@dataclass
class Server:
  """Who serves, and what it did in each turn: hits a second, CPU seconds a hit."""

  name: str
  port: int
  pid: int
  done: dict[str, list[tuple[float, float]]]


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--seconds", type=float, default=5)
  parser.add_argument("--repeats", type=int, default=5)
  options = parser.parse_args()
  with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    tree, folder = scratch / "tree", scratch / "edge-cache"
    tree.mkdir()
    folder.mkdir()
    write_tree(tree)
    lines = ["modules:", "  services: [origin]", f"  folder: {folder}", "  checksum_database: off", "default_service: origin", "log: {access: false}"]
    with Nginx(tree, scratch) as origin, Pair(origin.url, edge_lines=lines) as pair, CachingNginx(origin.url, scratch / "caching") as nginx:
      servers = [Server("quicgw edge", pair.port, pair.edge.pid, {}), Server("nginx, `proxy_cache`", nginx.port, nginx.process.pid, {})]
      sizes = {what: _warm(servers, path) for what, (path, _) in LOADS.items()}
      for _ in range(options.repeats):
        for what, (path, connections) in LOADS.items():
          for server in servers:
            _measure(server, what, path, connections, options.seconds)
  print("| | what | hits/s | CPU a hit, µs | GB/s |\n|---|---|---|---|---|")
  for server in servers:
    for what, done in server.done.items():
      rates, costs = zip(*done)
      speeds = [rate * sizes[what] / 1e9 for rate in rates]
      print(f"| {server.name} | {what} | {_range(rates, 0)} | {_range([cost * 1e6 for cost in costs], 1)} | {_range(speeds, 2)} |")


def _warm(servers: list[Server], path: str) -> int:
  """Bytes of the content, which both have afterwards."""
  for server in servers:
    for _ in range(2):
      size = len(urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}").read())
  return size


def _measure(server: Server, what: str, path: str, connections: int, seconds: float) -> None:
  before = accounts.cpu_seconds(server.pid)
  load = generators.wrk(server.port, path, seconds=seconds, connections=connections)
  if load.failed:
    raise RuntimeError(f"{server.name} failed at {what}: {load}")
  row = load.per_second, (accounts.cpu_seconds(server.pid) - before) / load.done
  server.done.setdefault(what, []).append(row)
  print(f"{server.name}, {what}: {row[0]:,.0f}/s, {row[1] * 1e6:,.1f} µs", file=sys.stderr, flush=True)


def _range(values: list[float] | tuple[float, ...], digits: int) -> str:
  return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


if __name__ == "__main__":
  main()
