"""What stands between an edge and its core: passes everything on, notes when it began, moves to another address."""

from __future__ import annotations

import queue
import select
import socket
import threading
import time
from typing import Callable


class DatagramRelay:
  """Passes datagrams between edges and the core, after a delay if there is one; keeps those of a first flight, and can be dark."""

  def __init__(self, core_port: int, delay: float = 0) -> None:
    self.delay = delay
    self.is_dark = False
    """While it is, everything is lost."""
    self.count = 0
    """Datagrams that came, from both sides."""
    self.moves = 0
    self.first_at: float | None = None
    """When the first datagram went to the core since this was None."""
    self.flight: list[bytes] = []
    """What went to the core since `begin()` before anything came back."""
    self.core = ("127.0.0.1", core_port)
    self._is_flight_over = False
    self._inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    self._inside.bind(("127.0.0.1", 0))
    self.port = self._inside.getsockname()[1]
    self._outsides: dict[tuple, socket.socket] = {}
    self._due: queue.Queue = queue.Queue()
    self._running = True
    self._thread = threading.Thread(target=self._run, daemon=True)
    self._delivery = threading.Thread(target=self._deliver, daemon=True)

  def begin(self) -> None:
    """Lets datagrams through, and notes those of a first flight."""
    self.flight, self.first_at, self._is_flight_over, self.is_dark = [], None, False, False

  def move(self) -> None:
    """From now on the core sees the edges at other ports; what it sends to the old ones is lost, as behind a NAT that forgets."""
    self._outsides = {client: _datagram_socket() for client in self._outsides}
    self.moves += 1

  def _run(self) -> None:
    while self._running:
      sockets = {out: client for client, out in self._outsides.items()}
      for ready in select.select([self._inside, *sockets], [], [], 0.05)[0]:
        self.count += 1
        try:
          if ready is self._inside:
            self._to_core(*self._inside.recvfrom(65536))
          else:
            self._to_edge(ready.recv(65536), ready, sockets[ready])
        except OSError:
          continue

  def _to_core(self, data: bytes, client: tuple) -> None:
    if self.is_dark:
      return
    self.first_at = self.first_at or time.monotonic()
    if not self._is_flight_over:
      self.flight.append(data)
    out = self._outsides.get(client) or self._outsides.setdefault(client, _datagram_socket())
    self._send(lambda: out.sendto(data, self.core))

  def _to_edge(self, data: bytes, out: socket.socket, client: tuple) -> None:
    # One that was moved away from is nobody's any more.
    if self.is_dark or self._outsides.get(client) is not out:
      return
    self._is_flight_over = True
    self._send(lambda: self._inside.sendto(data, client))

  def _send(self, send: Callable[[], object]) -> None:
    """Sends after the delay; the order stays what it was."""
    if self.delay:
      self._due.put((time.monotonic() + self.delay, send))
    else:
      send()

  def _deliver(self) -> None:
    while (entry := self._due.get()) is not None:
      due, send = entry
      time.sleep(max(0, due - time.monotonic()))
      try:
        send()
      except OSError:
        continue

  def __enter__(self) -> DatagramRelay:
    self._thread.start()
    self._delivery.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._running = False
    self._thread.join(2)
    self._due.put(None)
    self._delivery.join(2)
    for each in (self._inside, *self._outsides.values()):
      each.close()


def _datagram_socket() -> socket.socket:
  return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


class StreamRelay:
  """The same for a link over TCP."""

  def __init__(self, core_port: int) -> None:
    self.first_at: float | None = None
    self._core_port = core_port
    self._server = socket.create_server(("127.0.0.1", 0))
    self.port = self._server.getsockname()[1]
    self._thread = threading.Thread(target=self._run, daemon=True)

  def _run(self) -> None:
    while True:
      try:
        client, _ = self._server.accept()
      except OSError:
        return
      self.first_at = self.first_at or time.monotonic()
      core = socket.create_connection(("127.0.0.1", self._core_port))
      for each in (client, core):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
      for source, target in ((client, core), (core, client)):
        threading.Thread(target=_copy, args=(source, target), daemon=True).start()

  def __enter__(self) -> StreamRelay:
    self._thread.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._server.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
  try:
    while data := source.recv(65536):
      target.sendall(data)
    target.shutdown(socket.SHUT_WR)
  except OSError:
    target.close()
