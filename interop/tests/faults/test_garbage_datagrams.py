"""10 000 datagrams a second of nonsense at either end's UDP port while requests go on."""

from __future__ import annotations

import random
import socket
import threading
import time
from typing import Callable

import pytest

from interop.clients.http1 import Http1Client
from interop.lib import ports

RATE = 10_000
SECONDS = 3


def noise(source: random.Random) -> bytes:
  return source.randbytes(source.randrange(0, 1400))


def initial(source: random.Random) -> bytes:
  """A long header of QUIC version 1 that begins like an Initial."""
  return bytes([0xC0 | source.randrange(64)]) + b"\0\0\0\1" + b"\x08" + source.randbytes(8) + b"\x08" + source.randbytes(1178)


def other_version(source: random.Random) -> bytes:
  return bytes([0xC0 | source.randrange(64)]) + source.randbytes(4) + b"\x08" + source.randbytes(8) + b"\0" + source.randbytes(1185)


def short_header(source: random.Random) -> bytes:
  return bytes([0x40 | source.randrange(64)]) + source.randbytes(source.randrange(20, 1300))


def negotiation(source: random.Random) -> bytes:
  return b"\x80\0\0\0\0\x08" + source.randbytes(8) + b"\x08" + source.randbytes(8) + b"\0\0\0\1"


def retry(source: random.Random) -> bytes:
  return b"\xf0\0\0\0\1\x08" + source.randbytes(8) + b"\x08" + source.randbytes(60)


KINDS = [noise, initial, other_version, short_header, negotiation, retry]


class Shower:
  """Sends RATE datagrams a second to a port until the end of the `with` block."""

  def __init__(self, port: int, make: Callable[[random.Random], bytes]) -> None:
    self.seed = random.randrange(1 << 32)
    print(f"seed {self.seed}")
    source = random.Random(self.seed)
    self._datagrams = [make(source) for _ in range(2000)]
    self._to = ("127.0.0.1", port)
    self._stop = threading.Event()
    self._thread = threading.Thread(target=self._run, daemon=True)
    self.sent = 0

  def _run(self) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
      begin = time.monotonic()
      while not self._stop.is_set():
        due = int((time.monotonic() - begin) * RATE)
        while self.sent < due:
          try:
            out.sendto(self._datagrams[self.sent % len(self._datagrams)], self._to)
          except OSError:
            pass
          self.sent += 1
        self._stop.wait(0.005)

  def __enter__(self) -> Shower:
    self._thread.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._stop.set()
    self._thread.join(5)


@pytest.fixture(scope="module")
def pair(origin, module_pair):
  return module_pair(origin.http1_url)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["core", "edge"])
def test_requests_go_on(pair, end, kind):
  targets = {pair.plan.core_port} if end == "core" else ports.udp_ports(pair.edge.pid)
  assert targets
  process = getattr(pair, end)
  log_before, memory_before = process.log.stat().st_size, process.resident_bytes()
  with Shower(min(targets), kind) as shower, Http1Client(pair.port, limit=5) as client:
    until, done = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
      assert client.request("GET", "/").status == 200
      done += 1
  pair.check()
  assert shower.sent > RATE * SECONDS / 2
  assert done > 50
  assert process.log.stat().st_size - log_before < 20_000 + done * 500, "a log line for each datagram"
  assert process.resident_bytes() - memory_before < 64 << 20
