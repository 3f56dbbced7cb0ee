"""The test origin's cleartext HTTP/2, on hyper-h2."""

from __future__ import annotations

import asyncio
from typing import AsyncIterator

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from .behaviours import Behaviours
from .exchange import ClientGone, Exchange, Fields

WINDOW = 1 << 20


class Http2Exchange(Exchange):
  """One stream."""

  wire = "http2"

  def __init__(self, connection: Http2Connection, stream: int, pseudo: dict[str, str], fields: Fields) -> None:
    super().__init__(pseudo[":method"], pseudo.get(":path", ""), pseudo.get(":authority", ""), fields)
    self._connection, self._stream = connection, stream
    self.pieces: asyncio.Queue[tuple[bytes, int] | None] = asyncio.Queue()
    self.window = asyncio.Event()
    self.left = asyncio.Event()

  async def body(self) -> AsyncIterator[bytes]:
    while True:
      piece = await self.pieces.get()
      if self.left.is_set():
        raise ClientGone
      if piece is None:
        return
      data, credit = piece
      self._connection.consumed(self._stream, credit)
      yield data

  async def interim(self, status: int, fields: Fields) -> None:
    self._headers(status, fields, end=False)

  async def head(self, status: int, fields: Fields, *, length: int | None = None, bodiless: bool = False) -> None:
    known = [] if length is None else [("content-length", str(length))]
    self._headers(status, [*fields, *known], end=bodiless)

  def _headers(self, status: int, fields: Fields, end: bool) -> None:
    self._do(lambda: self._connection.engine.send_headers(
      self._stream, [(":status", str(status)), *fields], end_stream=end))

  async def send(self, chunk: bytes) -> None:
    while chunk:
      room = await self._room()
      piece, chunk = chunk[:room], chunk[room:]
      self._do(lambda piece=piece: self._connection.engine.send_data(self._stream, piece))
      await self._connection.drain()

  async def _room(self) -> int:
    while True:
      if self.left.is_set():
        raise ClientGone
      engine = self._connection.engine
      try:
        room = min(engine.local_flow_control_window(self._stream), engine.max_outbound_frame_size)
      except h2.exceptions.ProtocolError as error:
        raise ClientGone from error
      if room > 0:
        return room
      self.window.clear()
      await self.window.wait()

  async def finish(self, trailers: Fields = ()) -> None:  # type: ignore[assignment]
    if trailers:
      self._do(lambda: self._connection.engine.send_headers(self._stream, list(trailers), end_stream=True))
    else:
      self._do(lambda: self._connection.engine.end_stream(self._stream))

  async def reset(self) -> None:
    self._do(lambda: self._connection.engine.reset_stream(self._stream, h2.errors.ErrorCodes.INTERNAL_ERROR))

  async def gone(self) -> None:
    await self.left.wait()

  def _do(self, action) -> None:
    if self.left.is_set():
      raise ClientGone
    try:
      action()
    except h2.exceptions.ProtocolError as error:
      raise ClientGone from error
    self._connection.flush()


class Http2Connection:
  """One connection: hyper-h2's engine between a socket and its exchanges."""

  def __init__(self, behaviours: Behaviours, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    self.engine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
    self._behaviours, self._reader, self._writer = behaviours, reader, writer
    self._exchanges: dict[int, Http2Exchange] = {}

  async def run(self, first: bytes) -> None:
    """Serves until the client goes. `first` has been read already."""
    codes = h2.settings.SettingCodes
    self.engine.local_settings = h2.settings.Settings(client=False, initial_values={
      codes.INITIAL_WINDOW_SIZE: WINDOW, codes.MAX_HEADER_LIST_SIZE: 1 << 17, codes.MAX_CONCURRENT_STREAMS: 10_000,
      codes.ENABLE_CONNECT_PROTOCOL: 1})
    self.engine.initiate_connection()
    self.engine.increment_flow_control_window(1 << 24)
    self.flush()
    data = first
    try:
      while data:
        for event in self.engine.receive_data(data):
          self._handle(event)
        self.flush()
        data = await self._reader.read(65536)
    except (ConnectionError, h2.exceptions.ProtocolError):
      self.flush()
    finally:
      for exchange in self._exchanges.values():
        _leave(exchange)
      self._writer.close()

  def consumed(self, stream: int, credit: int) -> None:
    """Gives flow-control credit back."""
    try:
      self.engine.acknowledge_received_data(credit, stream)
    except h2.exceptions.ProtocolError:
      return
    self.flush()

  def flush(self) -> None:
    if data := self.engine.data_to_send():
      self._writer.write(data)

  async def drain(self) -> None:
    try:
      await self._writer.drain()
    except ConnectionError as error:
      raise ClientGone from error

  def _handle(self, event: h2.events.Event) -> None:
    exchange = self._exchanges.get(getattr(event, "stream_id", 0) or 0)
    if isinstance(event, h2.events.RequestReceived):
      self._begin(event)
    elif isinstance(event, h2.events.WindowUpdated):
      for each in [exchange] if exchange else self._exchanges.values():
        each.window.set()
    elif isinstance(event, h2.events.RemoteSettingsChanged):
      for each in self._exchanges.values():
        each.window.set()
    elif exchange is None:
      return
    elif isinstance(event, h2.events.DataReceived):
      exchange.pieces.put_nowait((event.data, event.flow_controlled_length))
    elif isinstance(event, h2.events.TrailersReceived):
      exchange.trailers = list(event.headers)
    elif isinstance(event, h2.events.StreamEnded):
      exchange.pieces.put_nowait(None)
    elif isinstance(event, h2.events.StreamReset):
      _leave(exchange)

  def _begin(self, event: h2.events.RequestReceived) -> None:
    pseudo = {name: value for name, value in event.headers if name.startswith(":")}
    fields = [(name, value) for name, value in event.headers if not name.startswith(":")]
    exchange = Http2Exchange(self, event.stream_id, pseudo, fields)
    self._exchanges[event.stream_id] = exchange
    task = asyncio.ensure_future(self._behaviours.serve(exchange))
    task.add_done_callback(lambda _: self._exchanges.pop(event.stream_id, None))


def _leave(exchange: Http2Exchange) -> None:
  exchange.left.set()
  exchange.window.set()
  exchange.pieces.put_nowait(None)
