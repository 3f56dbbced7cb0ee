"""Warm hits of the module cache beside nginx's proxy_cache, as people put it before a module proxy today.

`python -m interop.measures.module_cache [--seconds 5]` with QUICGW set prints a table: hits a second over one kind of client, and the
CPU time of the serving process for each.
"""

from __future__ import annotations

import argparse
import tempfile
import urllib.request
from pathlib import Path
from typing import Callable

from ..lib import accounts, generators, ports, programs
from ..lib.pair import Pair
from ..lib.process import Process
from ..origins.module_tree import write_tree
from ..origins.nginx import Nginx

INFO, ZIP = "/example.test/small/@v/v1.2.3.info", "/example.test/large/@v/v1.2.3.zip"
CACHING = """
daemon off; pid nginx.pid; error_log stderr warn; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; proxy_temp_path temp; client_body_temp_path body;
  fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=modules:10m max_size=10g inactive=30d use_temp_path=off;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass {origin}; proxy_cache modules; proxy_cache_valid 200 30d; proxy_cache_lock on; proxy_cache_use_stale error timeout updating; }}
  }}
}}
"""


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--seconds", type=float, default=5)
  options = parser.parse_args()
  with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    tree = scratch / "tree"
    tree.mkdir()
    write_tree(tree)
    with Nginx(tree, scratch) as origin:
      rows = [*_quicgw(origin.url, scratch, options.seconds), *_nginx(origin.url, scratch, options.seconds)]
  print("| who | what | hits/s | CPU of the server, a hit | GB/s |\n|---|---|---|---|---|")
  for who, what, load, cpu, size in rows:
    print(f"| {who} | {what} | {load.per_second:,.0f} | {cpu * 1e6:,.1f} µs | {load.per_second * size / 1e9:.2f} |")


def _quicgw(origin: str, scratch: Path, seconds: float) -> list[tuple]:
  folder = scratch / "edge-cache"
  folder.mkdir()
  lines = ["modules:", "  services: [origin]", f"  folder: {folder}", "  checksum_database: off", "default_service: origin", "log: {access: false}"]
  with Pair(origin, edge_lines=lines) as pair:
    return _rows("quicgw edge", pair.port, pair.edge.pid, seconds)


def _nginx(origin: str, scratch: Path, seconds: float) -> list[tuple]:
  folder, port = scratch / "caching", ports.free_port()
  folder.mkdir()
  for each in (folder, *folder.parents):
    if each != Path("/"):
      each.chmod(each.stat().st_mode | 0o005)
  (folder / "cache").mkdir()
  (folder / "cache").chmod(0o777)
  (folder / "nginx.conf").write_text(CACHING.format(folder=folder, port=port, origin=origin))
  process = Process("nginx", [programs.system("nginx"), "-p", f"{folder}/", "-c", folder / "nginx.conf", "-e", "stderr"], folder)
  try:
    ports.wait_for_tcp(port, unless=process.check)
    return _rows("nginx proxy_cache", port, process.pid, seconds)
  finally:
    process.stop()


def _rows(who: str, port: int, pid: int, seconds: float) -> list[tuple]:
  for path in (INFO, ZIP):
    for _ in range(2):
      size = len(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").read())
  sizes = {INFO: 0, ZIP: size}
  loads: list[tuple[str, str, Callable[[], generators.Load]]] = [
    (".info, HTTP/1.1, 64 connections", INFO, lambda: generators.wrk(port, INFO, seconds=seconds, connections=64)),
    (".zip of 20 MB, HTTP/1.1, 4 connections", ZIP, lambda: generators.wrk(port, ZIP, seconds=seconds, connections=4)),
  ]
  rows = []
  for what, path, run in loads:
    before = accounts.cpu_seconds(pid)
    load = run()
    assert load.failed == 0, (who, what, load)
    rows.append((who, what, load, (accounts.cpu_seconds(pid) - before) / load.done, sizes[path]))
  return rows


if __name__ == "__main__":
  main()
