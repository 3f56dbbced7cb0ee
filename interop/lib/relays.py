"""What stands between an edge and its core: passes everything on, notes when it began, moves to another address."""

from __future__ import annotations

import queue
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


class SlowRelay:
  """Passes datagrams between an edge and the core after a delay, keeps those to the core, and can be dark."""

  def __init__(self, core_port: int, delay: float = 0) -> None:
    self.delay = delay
    self.is_dark = False
    self.flight: list[bytes] = []
    """What went to the core since `begin()` before anything came back."""
    self.first_at: float | None = None
    """When the first of it went."""
    self._is_flight_over = False
    self._core = ("127.0.0.1", core_port)
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

  def _run(self) -> None:
    while self._running:
      sockets = {out: client for client, out in self._outsides.items()}
      for ready in select.select([self._inside, *sockets], [], [], 0.05)[0]:
        try:
          if ready is self._inside:
            data, client = self._inside.recvfrom(65536)
            if self.is_dark:
              continue
            if not self._is_flight_over:
              self.first_at = self.first_at or time.monotonic()
              self.flight.append(data)
            out = self._outsides.get(client) or self._outsides.setdefault(client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._later(lambda out=out, data=data: out.sendto(data, self._core))
          else:
            data, client = ready.recv(65536), sockets[ready]
            self._is_flight_over = True
            if not self.is_dark:
              self._later(lambda data=data, client=client: self._inside.sendto(data, client))
        except OSError:
          continue

  def _later(self, send) -> None:
    """Sends after the delay; the order stays what it was."""
    self._due.put((time.monotonic() + self.delay, send))

  def _deliver(self) -> None:
    while (entry := self._due.get()) is not None:
      due, send = entry
      time.sleep(max(0, due - time.monotonic()))
      try:
        send()
      except OSError:
        continue

  def __enter__(self) -> SlowRelay:
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
