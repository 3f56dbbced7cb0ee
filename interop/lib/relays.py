"""What stands between an edge and its core: passes everything on, notes when it began, moves to another address."""

from __future__ import annotations

import select
import socket
import threading
import time


class DatagramRelay:
  """Passes datagrams between one client at a time and the core, and notes when the first came."""

  def __init__(self, core_port: int) -> None:
    self.first_at: float | None = None
    self.moves = 0
    self.dark = False
    """While it is, everything is lost."""
    self._core = ("127.0.0.1", core_port)
    self._inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    self._inside.bind(("127.0.0.1", 0))
    self._outside = self._new_outside()
    self.port = self._inside.getsockname()[1]
    self._running = True
    self._thread = threading.Thread(target=self._run, daemon=True)

  def move(self) -> None:
    """From now on the core sees the edge at another port; what it sends to the old one is lost, as behind a NAT that forgets."""
    self._outside = self._new_outside()
    self.moves += 1

  def _new_outside(self) -> socket.socket:
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(self._core)
    return out

  def _run(self) -> None:
    client = None
    while self._running:
      outside = self._outside
      for ready in select.select([self._inside, outside], [], [], 0.2)[0]:
        try:
          if ready is self._inside:
            data, source = self._inside.recvfrom(65536)
            self.first_at = self.first_at or time.monotonic()
            if source != client:
              client = source
            if not self.dark:
              self._outside.send(data)
          elif client:
            data = outside.recv(65536)
            if not self.dark:
              self._inside.sendto(data, client)
        except OSError:
          continue

  def __enter__(self) -> DatagramRelay:
    self._thread.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._running = False
    self._thread.join(2)
    self._inside.close()
    self._outside.close()


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
