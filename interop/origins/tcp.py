"""A TCP server whose connections the test itself holds, and the ends of a connection as they are seen from a socket."""

from __future__ import annotations

import queue
import socket
import struct
import threading


class TcpOrigin:
  """Listens on loopback; `accept` hands out what was accepted, in order."""

  def __init__(self, *, receive_buffer: int | None = None) -> None:
    self._listener = socket.socket()
    if receive_buffer:
      self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    self._listener.bind(("127.0.0.1", 0))
    self._listener.listen(1024)
    self.port = self._listener.getsockname()[1]
    self.url = f"tcp://127.0.0.1:{self.port}"
    self._accepted: queue.Queue[socket.socket] = queue.Queue()
    self._threads = [threading.Thread(target=self._run, daemon=True)]

  def accept(self, limit: float = 10) -> socket.socket:
    """The next connection; queue.Empty after `limit` seconds."""
    connection = self._accepted.get(timeout=limit)
    connection.settimeout(10)
    return connection

  def _run(self) -> None:
    while True:
      try:
        self._accepted.put(self._listener.accept()[0])
      except OSError:
        return

  def __enter__(self) -> TcpOrigin:
    for thread in self._threads:
      thread.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._listener.shutdown(socket.SHUT_RDWR)
    self._listener.close()


def connect(port: int, *, receive_buffer: int | None = None) -> socket.socket:
  """A connection to a port of loopback, every wait on it at most ten seconds."""
  connection = socket.socket()
  if receive_buffer:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
  connection.settimeout(10)
  connection.connect(("127.0.0.1", port))
  return connection


def read_exactly(connection: socket.socket, count: int) -> bytes:
  """Just so many bytes; ConnectionError when the peer ends before."""
  data = bytearray()
  while len(data) < count:
    piece = connection.recv(min(65536, count - len(data)))
    if not piece:
      raise ConnectionError(f"ended after {len(data)} of {count} bytes")
    data += piece
  return bytes(data)


def ending(connection: socket.socket) -> str:
  """How the peer ends what it sends: `end` (FIN) or `reset`; what comes before is dropped."""
  try:
    while connection.recv(65536):
      pass
    return "end"
  except ConnectionResetError:
    return "reset"


def reset(connection: socket.socket) -> None:
  """Closes with RST."""
  connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
  connection.close()
