"""CPU time of edge and core per gigabyte (10^9 bytes) of one download from nginx, by a client of HTTP/1.1 and one of HTTP/2."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from ...lib import programs
from ...lib.pair import Pair
from ...origins.nginx import Nginx
from .. import Settings
from . import Metric

GIGABYTE = 1e9
METRICS = {
  "http1_cpu_s_per_gb": Metric("bulk to an HTTP/1.1 client: CPU of edge and core per GB", "s"),
  "http1_mb_per_second": Metric("bulk to an HTTP/1.1 client", "MB/s", less_is_better=False),
  "http2_cpu_s_per_gb": Metric("bulk to an HTTP/2 client: CPU of edge and core per GB", "s"),
  "http2_mb_per_second": Metric("bulk to an HTTP/2 client", "MB/s", less_is_better=False),
}


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  files = scratch / "files"
  files.mkdir()
  size = settings.bulk_bytes
  with (files / "bulk").open("wb") as file:
    file.truncate(size)
  found: dict[str, float] = {}
  with Nginx(files, scratch) as nginx, Pair(nginx.url, subject=subject, loops=settings.loops) as pair:
    # A client that reads 1 MiB at a time into nothing; h2load's windows are wide enough for loopback.
    url = f"http://127.0.0.1:{pair.port}/bulk"
    clients = {
      "http1": [programs.system("curl"), "-sSf", "--http1.1", "-o", "/dev/null", "-w", "%{size_download}", url],
      "http2": [programs.system("h2load"), "-n1", "-c1", "-m1", "-w24", "-W24", url]}
    for wire, argv in clients.items():
      before, begin = pair.cpu_seconds(), time.monotonic()
      run = subprocess.run([str(part) for part in argv], capture_output=True, text=True, timeout=300)
      if run.returncode or not (run.stdout.strip() == str(size) or "1 succeeded" in run.stdout):
        raise AssertionError(f"{wire}: {run.stdout[-300:]}{run.stderr[-300:]}")
      found[f"{wire}_cpu_s_per_gb"] = (pair.cpu_seconds() - before) * GIGABYTE / size
      found[f"{wire}_mb_per_second"] = size / 1e6 / (time.monotonic() - begin)
  return found
