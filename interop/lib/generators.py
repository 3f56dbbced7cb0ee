"""h2load and wrk, and what they say of themselves."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import programs


@dataclass(frozen=True)
class Load:
  """Requests done and failed, and how many a second."""

  done: int
  failed: int
  per_second: float


def h2load(port: int, path: str, *, requests: int | None = None, seconds: float | None = None, connections: int = 4,
           streams: int = 16, body: Path | None = None, fields: tuple[str, ...] = (), http1: bool = False,
           limit: float = 600, log: Path | None = None) -> Load:
  """h2load against a port of loopback, for a number of requests or for a time.

  log -- gets a line for each request; `h2load_times` reads it.
  """
  if log:
    log.unlink(missing_ok=True)
  argv = [programs.system("h2load"), f"-c{connections}", f"-m{1 if http1 else streams}", f"http://127.0.0.1:{port}{path}"]
  argv += [f"-n{requests}"] if requests else ["-D", f"{seconds or 5:g}"]
  argv += ["--h1"] if http1 else []
  argv += ["-d", str(body)] if body else []
  argv += [f"--log-file={log}"] if log else []
  argv += [part for each in fields for part in ("-H", each)]
  run = subprocess.run([str(part) for part in argv], capture_output=True, text=True, timeout=limit)
  totals = re.search(r"requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", run.stdout)
  speed = re.search(r"([\d.]+) req/s", run.stdout)
  if not totals or not speed:
    raise AssertionError(f"h2load said: {run.stdout[-1000:]}{run.stderr[-1000:]}")
  total, _, succeeded, failed, errored, timed_out = map(int, totals.groups())
  # A run for a time ends with requests under way, which it counts neither as done nor as failed.
  missing = total - succeeded if requests else failed + errored + timed_out
  return Load(succeeded, missing, float(speed[1]))


def h2load_times(log: Path) -> list[tuple[int, int]]:
  """When each request began and how long it took, in microseconds, in the order in which they began."""
  rows = (line.split("\t") for line in log.read_text().splitlines())
  return sorted((int(begin), int(took)) for begin, status, took in rows if status == "200")


def wrk(port: int, path: str, *, seconds: float, connections: int, threads: int = 1, limit: float = 600) -> Load:
  """wrk over HTTP/1.1 keep-alive connections; failures are socket errors and statuses beyond 399."""
  argv = [programs.system("wrk"), f"-t{threads}", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", f"http://127.0.0.1:{port}{path}"]
  run = subprocess.run([str(part) for part in argv], capture_output=True, text=True, timeout=limit)
  done, speed = re.search(r"(\d+) requests in", run.stdout), re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)
  if not done or not speed:
    raise AssertionError(f"wrk said: {run.stdout[-1000:]}{run.stderr[-1000:]}")
  errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", run.stdout)
  statuses = re.search(r"Non-2xx or 3xx responses: (\d+)", run.stdout)
  failed = sum(map(int, errors.groups())) if errors else 0
  return Load(int(done[1]), failed + (int(statuses[1]) if statuses else 0), float(speed[1]))
