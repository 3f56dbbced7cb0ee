"""An HTTP/3 client on aioquic's QUIC that sends any bytes on any stream, and tells how the peer took it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Iterable

import pylsqpack
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration

from ..lib.certificates import CORE_NAME, Leaf
from ..lib.waiting import wait_until
from . import http3_frames as h3
from .answer import Answer, Broken

if TYPE_CHECKING:
  from ..lib.pair import Pair

CERTIFICATE_ALERTS = range(0x100, 0x200)
"""CRYPTO_ERROR: 0x100 and the number of a TLS alert (RFC 9001 §4.8)."""


class Refused(Exception):
  """The connection was closed or never came to be; `code` is QUIC's error code where there was one."""

  def __init__(self, why: str, code: int | None) -> None:
    super().__init__(why if code is None else f"{why}: 0x{code:x}")
    self.code = code


@dataclass
class Stream:
  """What has come on one stream so far."""

  data: bytearray = field(default_factory=bytearray)
  ended: bool = False
  reset: int | None = None
  """The code of RESET_STREAM."""
  stopped: int | None = None
  """The code of STOP_SENDING."""


class _Protocol(QuicConnectionProtocol):
  def __init__(self, *args: object, **named: object) -> None:
    super().__init__(*args, **named)  # type: ignore[arg-type]
    self.streams: dict[int, Stream] = {}

  @property
  def closed(self) -> events.ConnectionTerminated | None:
    """The end of the connection, as soon as the peer has said it, behind all else: aioquic tells of it three probe timeouts later."""
    return None if self._quic._events else self._quic._close_event

  def quic_event_received(self, event: events.QuicEvent) -> None:
    if isinstance(event, events.StreamDataReceived):
      stream = self.streams.setdefault(event.stream_id, Stream())
      stream.data += event.data
      stream.ended = stream.ended or event.end_stream
    elif isinstance(event, events.StreamReset):
      self.streams.setdefault(event.stream_id, Stream()).reset = event.error_code
    elif isinstance(event, events.StopSendingReceived):
      self.streams.setdefault(event.stream_id, Stream()).stopped = event.error_code


class Http3Client:
  """One connection, in a thread of its own. Every wait has a limit of `limit` seconds."""

  wire = "http3"

  def __init__(self, port: int, ca: Path, leaf: Leaf | None, limit: float = 5, *, alpn: str = "h3",
               settings: bytes | None = b"", host: str = "127.0.0.1") -> None:
    """Connects and opens the control stream with `settings` (an empty SETTINGS frame; None opens none)."""
    self.limit = limit
    self.authority = f"{CORE_NAME}:{port}"
    configuration = QuicConfiguration(is_client=True, alpn_protocols=[alpn], server_name=CORE_NAME, idle_timeout=30)
    configuration.load_verify_locations(str(ca))
    if leaf:
      configuration.load_cert_chain(str(leaf.certificate), str(leaf.key))
    self._loop = asyncio.new_event_loop()
    self._thread = threading.Thread(target=self._loop.run_forever, name="http3", daemon=True)
    self._thread.start()
    self._context = connect(host, port, configuration=configuration, create_protocol=_Protocol)
    try:
      self._protocol: _Protocol = self._run(self._context.__aenter__())
    except (ConnectionError, TimeoutError, asyncio.TimeoutError) as error:
      self._end_loop()
      raise Refused("no connection", None) from error
    if settings is not None:
      self.open(h3.varint(h3.CONTROL) + (settings or h3.settings()), one_way=True)

  @classmethod
  def as_edge(cls, pair: Pair, **options: object) -> Http3Client:
    """At a pair's core, with its edge's certificate."""
    return cls(pair.plan.core_port, pair.plan.certificates.ca, pair.plan.certificates.edge, **options)

  def request(self, method: str, path: str, fields: h3.Fields = (), body: bytes | Iterable[bytes] | None = None,
              trailers: h3.Fields = ()) -> Answer:
    """Sends a well-formed request and reads its answer."""
    stream = self.open(h3.headers(h3.request_fields(method, path, self.authority, fields)), end=body is None)
    if body is not None:
      for piece in [body] if isinstance(body, bytes) else body:
        self.send(stream, h3.frame(h3.DATA, piece))
      trailers = list(trailers)
      self.send(stream, h3.headers(trailers) if trailers else b"", end=True)
    return self.read_answer(stream)

  def open(self, data: bytes = b"", *, one_way: bool = False, end: bool = False) -> int:
    """Opens a stream and sends bytes on it; its number."""
    return self._call(lambda: self._open(data, one_way, end))

  def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
    """Sends bytes as they are."""
    self._call(lambda: self._send(stream, data, end))

  def reset(self, stream: int, code: int = 0x10C) -> None:
    """RESET_STREAM, by default with H3_REQUEST_CANCELLED, and STOP_SENDING."""

    def act() -> None:
      self._protocol._quic.reset_stream(stream, code)
      self._protocol._quic.stop_stream(stream, code)
      self._protocol.transmit()

    self._call(act)

  def flood(self, count: int, data: bytes, *, heeds_limit: bool, resets: bool = False, at_once: int = 100, limit: float = 900) -> int:
    """Opens so many streams with the same bytes on each, and tells how many it came to before the peer closed the connection.

    heeds_limit -- opens no more than the peer allows at the moment, and waits for more.
    resets -- gives each up when it has left.
    """

    async def act() -> int:
      quic, opened = self._protocol._quic, 0
      if not heeds_limit:
        quic._remote_max_streams_bidi = 1 << 60
      while opened < count and not self._protocol.closed:
        streams: list[int] = []
        while len(streams) < min(at_once, count - opened) and quic.get_next_available_stream_id() // 4 < quic._remote_max_streams_bidi:
          streams.append(quic.get_next_available_stream_id())
          quic.send_stream_data(streams[-1], data)
        self._protocol.transmit()
        for stream in streams if resets else ():
          quic.reset_stream(stream, 0x10C)
        self._protocol.transmit()
        opened += len(streams)
        await asyncio.sleep(0 if streams else 0.002)
        # What has come on streams that are over is nobody's.
        self._protocol.streams.clear()
      return opened

    return asyncio.run_coroutine_threadsafe(asyncio.wait_for(act(), limit), self._loop).result(limit + 2)

  def stream(self, number: int) -> Stream:
    return self._protocol.streams.setdefault(number, Stream())

  @property
  def close_code(self) -> int | None:
    """The code with which the peer closed the connection."""
    return self._protocol.closed.error_code if self._protocol.closed else None

  def wait_closed(self) -> int:
    """The code of the peer's CONNECTION_CLOSE."""
    wait_until(lambda: self._protocol.closed, self.limit, "the connection was not closed")
    return self.close_code or 0

  def read_answer(self, stream: int) -> Answer:
    """The whole answer; raises Broken when the stream is reset and Refused when the connection is closed."""
    state = self.stream(stream)
    wait_until(lambda: state.ended or state.reset is not None or self._protocol.closed, self.limit, "no answer")
    if state.ended:
      return self._parse(bytes(state.data))
    if state.reset is not None:
      raise Broken(f"reset with 0x{state.reset:x}", self._parse(bytes(state.data)))
    raise Refused("closed", self.close_code)

  def outcome(self, stream: int) -> str:
    """How the peer took it: `answered 400`, `reset 0x10e` or `closed 0x109`."""
    try:
      return f"answered {self.read_answer(stream).status}"
    except Broken:
      return f"reset 0x{self.stream(stream).reset:x}"
    except Refused as refused:
      return f"closed 0x{refused.code or 0:x}"

  def close(self) -> None:
    if self._thread.is_alive():
      try:
        self._run(self._context.__aexit__(None, None, None))
      except (ConnectionError, TimeoutError, asyncio.TimeoutError):
        pass
      self._end_loop()

  def __enter__(self) -> Http3Client:
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _open(self, data: bytes, one_way: bool, end: bool) -> int:
    stream = self._protocol._quic.get_next_available_stream_id(is_unidirectional=one_way)
    self._protocol.streams.setdefault(stream, Stream())
    self._send(stream, data, end)
    return stream

  def _send(self, stream: int, data: bytes, end: bool) -> None:
    self._protocol._quic.send_stream_data(stream, data, end)
    self._protocol.transmit()

  def _call(self, action):
    async def act():
      return action()

    return self._run(act())

  def _run(self, coroutine):
    return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, self.limit), self._loop).result(self.limit + 2)

  def _end_loop(self) -> None:
    self._loop.call_soon_threadsafe(self._loop.stop)
    self._thread.join(5)

  def _parse(self, data: bytes) -> Answer:
    answer, decoder = Answer(), pylsqpack.Decoder(0, 0)
    for kind, payload in h3.frames(data):
      if kind == h3.DATA:
        answer.body += payload
      elif kind == h3.HEADERS:
        fields = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in decoder.feed_header(0, payload)[1]]
        status = int(dict(fields).get(":status", 0))
        fields = [each for each in fields if not each[0].startswith(":")]
        if not status:
          answer.trailers = fields
        elif status < 200:
          answer.interim.append(Answer(status, fields))
        else:
          answer.status, answer.fields = status, fields
    return answer
