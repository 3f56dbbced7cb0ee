"""The test origin: HTTP/1.1 and cleartext HTTP/2 on one port of loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading

from . import http1
from .behaviours import Behaviours
from .http2 import Http2Connection

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Origin(Behaviours):
  """Serves `Behaviours` until the end of the `with` block."""

  def __init__(self, port: int = 0) -> None:
    super().__init__()
    self.port = port
    self._loop = asyncio.new_event_loop()
    self._writers: set[asyncio.StreamWriter] = set()
    self._server: asyncio.Server | None = None
    self._thread = threading.Thread(target=self._run, name="origin", daemon=True)

  @property
  def http1_url(self) -> str:
    return f"http://127.0.0.1:{self.port}"

  @property
  def h2c_url(self) -> str:
    return f"h2c://127.0.0.1:{self.port}"

  @property
  def connections(self) -> int:
    """TCP connections that are open now."""
    return len(self._writers)

  def close_listener(self) -> None:
    """Stops listening and resets every connection: an origin that has gone down."""
    self._wait(self._down())

  def open_listener(self) -> None:
    """Listens again on the same port."""
    self._wait(self._up())

  def __enter__(self) -> Origin:
    self._thread.start()
    self.open_listener()
    return self

  def __exit__(self, *_: object) -> None:
    self.close_listener()
    self._loop.call_soon_threadsafe(self._loop.stop)
    self._thread.join(5)

  def _run(self) -> None:
    asyncio.set_event_loop(self._loop)
    self._loop.run_forever()

  def _wait(self, coroutine) -> None:
    asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

  async def _up(self) -> None:
    self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port, limit=http1.LIMIT, backlog=1024)
    self.port = self._server.sockets[0].getsockname()[1]

  async def _down(self) -> None:
    if self._server:
      self._server.close()
      self._server = None
    for writer in list(self._writers):
      writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
      writer.transport.abort()

  async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    self._writers.add(writer)
    try:
      first = await reader.readexactly(3)
      if first == PREFACE[:3]:
        await Http2Connection(self, reader, writer).run(first)
      else:
        reader._buffer[:0] = first  # asyncio has no public way to put bytes back.
        await http1.serve(self, reader, writer)
    except (ConnectionError, asyncio.IncompleteReadError):
      pass
    finally:
      self._writers.discard(writer)
      writer.close()
