"""Datagrams across a world: a socket in the core that says to each sender whom it saw, and pings."""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass

from interop.lib import programs
from interop.rig.world import World


class Sight:
  """A UDP flow from the edge to the core, whose answers are the address and the port that the core saw."""

  def __init__(self, world: World, version: int = 4) -> None:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    self.core_address = world.core.address if version == 4 else world.core.address6
    with world.core.enter():
      self.server = socket.socket(family, socket.SOCK_DGRAM)
      self.server.bind((self.core_address, 0))
    with world.edge.enter():
      self.client = socket.socket(family, socket.SOCK_DGRAM)
    self.client.settimeout(1)
    self.last: tuple | None = None
    self._thread = threading.Thread(target=self._serve, daemon=True)

  def look(self, tries: int = 1) -> tuple[str, int] | None:
    """Whom the core sees; None when no answer comes within a second, so many times."""
    for _ in range(tries):
      word = b"%d" % time.monotonic_ns()
      self.client.sendto(word, self.server.getsockname()[:2])
      try:
        while True:
          sent, host, port = self.client.recv(1000).decode().split()
          if sent == word.decode():
            return host, int(port)
      except TimeoutError:
        continue
    return None

  def push(self, data: bytes) -> None:
    """From the core to where it last saw the edge, unasked."""
    self.server.sendto(data, self.last)

  def _serve(self) -> None:
    while True:
      try:
        data, sender = self.server.recvfrom(1000)
      except OSError:
        return
      if data == b"end":
        return
      self.last = sender
      self.server.sendto(data + f" {sender[0]} {sender[1]}".encode(), sender)

  def __enter__(self) -> Sight:
    self._thread.start()
    return self

  def __exit__(self, *_: object) -> None:
    self.server.sendto(b"end", self.server.getsockname())
    self._thread.join(5)
    self.server.close()
    self.client.close()


@dataclass(frozen=True)
class Pings:
  """What ping said: how many came back of how many, and after how many milliseconds."""

  sent: int
  round_trips: list[float]

  @property
  def lost(self) -> int:
    return self.sent - len(self.round_trips)


def ping(world: World, count: int, *, interval: float = 0.01, host: str | None = None) -> Pings:
  """Pings the core from the edge; duplicates are not counted."""
  argv = [programs.system("ping"), "-n", "-i", f"{interval:g}", "-c", str(count), "-W", "2", host or world.core.address]
  said = world.edge.run(argv, check=False, timeout=60 + count * 0.1).stdout
  found = {}
  for number, time_ms in re.findall(r"icmp_seq=(\d+) .*?time=([\d.]+) ms", said):
    found.setdefault(int(number), float(time_ms))
  return Pings(count, list(found.values()))
