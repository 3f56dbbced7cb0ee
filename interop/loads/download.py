"""One download over HTTP/1.1, read as fast as it comes; a process of its own, so that it disturbs no caller beside it.

python -m interop.loads.download HOST PORT SERVER_NAME PATH LIMIT_S [CERTIFICATES_FOLDER] prints a Download as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ..lib.certificates import LinkCertificates
from .target import Target

PIECE = 1 << 20
PAUSE_S = 0.25
"""Shorter gaps between two reads are not noted."""
STEP_S = 0.1
"""How finely the arrival of bytes is kept."""


@dataclass
class Download:
  """What came, and when; seconds since the client began to connect."""

  size: int = 0
  """What the answer said it would be; 0 without an answer."""
  received: int = 0
  first_byte_s: float | None = None
  seconds: float = 0
  """To the last byte, or to the limit."""
  failure: str | None = None
  """Why it did not come whole."""
  closed: bool = False
  """Whether it ended so before its limit."""
  began: float = 0
  """When the client began to connect, on `time.perf_counter`'s clock, which all processes of a machine share."""
  pauses: list[tuple[float, float]] = dataclasses.field(default_factory=list)
  """(When, for how long) nothing came, from the request on."""
  arrivals: list[tuple[float, int]] = dataclasses.field(default_factory=list)
  """(When, how many bytes by then), a few for each second."""

  @property
  def megabits_per_second(self) -> float:
    return self.received * 8e-6 / self.seconds if self.seconds else 0.0

  def stalls(self, longer_than_s: float) -> list[float]:
    """The pauses that were longer, the one before the first byte included."""
    return [length for _, length in self.pauses if length > longer_than_s]


def start(target: Target, path: str, limit: float) -> subprocess.Popen[str]:
  """Starts a download in a process; `result` waits for it."""
  argv = [sys.executable, "-m", "interop.loads.download", target.host, str(target.port), target.server_name, path, str(limit)]
  if target.certificates:
    argv.append(str(target.certificates.ca.parent))
  return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2])


def result(process: subprocess.Popen[str], limit: float) -> Download:
  """What a started download has to say."""
  out, _ = process.communicate(timeout=limit + 30)
  if process.returncode:
    raise AssertionError(f"the downloading client ended with {process.returncode}")
  return Download(**json.loads(out))


def download(target: Target, path: str, limit: float) -> Download:
  """Asks for a path and reads until the answer's end, its failure or the limit."""
  begin = time.perf_counter()
  found = Download(began=begin)
  try:
    with target.connect(limit, "http/1.1") as connection:
      connection.settimeout(None)
      connection.sendall(f"GET {path} HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n".encode())
      _read(connection, found, begin, limit)
  except (OSError, AssertionError) as error:
    found.failure, found.closed = f"{type(error).__name__}: {error}", True
  found.seconds = time.perf_counter() - begin
  if found.failure is None and found.received < found.size:
    found.failure = f"{found.size - found.received} bytes are missing"
  found.arrivals.append((found.seconds, found.received))
  return found


def _read(connection: socket.socket, found: Download, begin: float, limit: float) -> None:
  buffer, head = bytearray(PIECE), b""
  last, noted = time.perf_counter(), 0.0
  while found.size == 0 or found.received < found.size:
    left = begin + limit - time.perf_counter()
    connection.settimeout(max(left, 0.001))
    try:
      count = connection.recv_into(buffer)
    except (TimeoutError, ssl.SSLWantReadError):
      count = -1
    now = time.perf_counter()
    if now - last > PAUSE_S:
      found.pauses.append((last - begin, now - last))
    if count <= 0:
      found.failure, found.closed = ("the connection was closed", True) if count == 0 else (f"not whole within {limit:g} s", False)
      return
    last = now
    if found.size == 0:
      head += bytes(buffer[:count])
      if b"\r\n\r\n" not in head:
        continue
      found.first_byte_s = now - begin
      found.size, count = _size(head)
    found.received += count
    if now - begin - noted >= STEP_S:
      noted = now - begin
      found.arrivals.append((noted, found.received))


def _size(head: bytes) -> tuple[int, int]:
  """The announced length, and how much of the body came with the head."""
  fields, _, body = head.partition(b"\r\n\r\n")
  status, *lines = fields.decode("latin-1").split("\r\n")
  if status.split()[1] != "200":
    raise AssertionError(f"the answer is {status!r}")
  lengths = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
  if not lengths:
    raise AssertionError("the answer has no Content-Length")
  return int(lengths[0]), len(body)


def main() -> None:
  host, port, server_name, path, limit, *certificates = sys.argv[1:]
  known = LinkCertificates.in_folder(Path(certificates[0])) if certificates else None
  print(json.dumps(dataclasses.asdict(download(Target(host, int(port), server_name, known), path, float(limit)))))


if __name__ == "__main__":
  main()
