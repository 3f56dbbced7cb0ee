"""A cleartext HTTP/2 client with prior knowledge, on hyper-h2 and a blocking socket."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import Iterable

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

from .answer import Answer, Broken
from .http2_frames import GOAWAY

Fields = Iterable[tuple[str, str]]


@dataclass
class Stream:
  """What has come on one stream so far."""

  answer: Answer = field(default_factory=Answer)
  ended: bool = False
  error: int | None = None
  """The code of a reset."""
  unread: int = 0
  """Bytes whose credit has not been given back."""


class Http2Client:
  """One connection. Every wait has a limit of `limit` seconds (socket.timeout)."""

  wire = "http2"

  def __init__(self, port: int, limit: float = 10, *, window: int = 1 << 20, receive_buffer: int | None = None,
               checked: bool = True) -> None:
    self.socket = socket.socket()
    if receive_buffer:
      self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.socket.settimeout(limit)
    self.socket.connect(("127.0.0.1", port))
    self.authority = f"127.0.0.1:{port}"
    # Without checks hyper-h2 sends what it would refuse to send by itself.
    self.engine = h2.connection.H2Connection(h2.config.H2Configuration(
      client_side=True, header_encoding="latin-1", validate_outbound_headers=checked, normalize_outbound_headers=checked))
    codes = h2.settings.SettingCodes
    self.engine.local_settings = h2.settings.Settings(
      client=True, initial_values={codes.INITIAL_WINDOW_SIZE: window, codes.MAX_HEADER_LIST_SIZE: 1 << 17})
    self.engine.initiate_connection()
    self.streams: dict[int, Stream] = {}
    self._buffer = b""
    self.goaway: int | None = None
    """The code of the peer's GOAWAY."""
    self.flush()

  def request(self, method: str, target: str, fields: Fields = (), body: bytes | Iterable[bytes] | None = None,
              trailers: Fields = ()) -> Answer:
    """Sends a request and reads its answer. Bytes go with their length, an iterable without."""
    known = [("content-length", str(len(body)))] if isinstance(body, bytes) else []
    stream = self.open(method, target, [*fields, *known], end=body is None)
    if body is not None:
      for piece in [body] if isinstance(body, bytes) else body:
        self.send(stream, piece)
      self.end(stream, trailers)
    return self.read_answer(stream)

  def open(self, method: str, target: str, fields: Fields = (), *, end: bool = False) -> int:
    """Sends a head; the stream's number."""
    fields = [(name.lower(), value) for name, value in fields]
    authority = next((value for name, value in fields if name == "host"), self.authority)
    pseudo = [(":method", method), (":scheme", "http"), (":authority", authority), (":path", target)]
    return self.open_head(pseudo + [each for each in fields if each[0] != "host"], end=end)

  def open_head(self, head: list[tuple[str, str]], *, end: bool = False) -> int:
    """Sends a head as it is given, pseudo-header fields included; the stream's number."""
    stream = self.engine.get_next_available_stream_id()
    self.streams[stream] = Stream()
    # Bytes, because hyper-h2 would write text as UTF-8, and a field's value is any bytes (RFC 9110 §5.5).
    self.engine.send_headers(stream, [(n.encode("latin-1"), v.encode("latin-1")) for n, v in head], end_stream=end)
    self.flush()
    return stream

  def send(self, stream: int, data: bytes) -> None:
    """Sends data, waiting for credit."""
    while data:
      room = min(self.engine.local_flow_control_window(stream), self.engine.max_outbound_frame_size)
      if room <= 0:
        self.receive()
        if self.streams[stream].error is not None:
          raise Broken(f"reset with {self.streams[stream].error}", self.streams[stream].answer)
        continue
      self.engine.send_data(stream, data[:room])
      data = data[room:]
      self.flush()

  def end(self, stream: int, trailers: Fields = ()) -> None:
    """Ends our side of a stream."""
    if trailers := list(trailers):
      self.engine.send_headers(stream, trailers, end_stream=True)
    else:
      self.engine.end_stream(stream)
    self.flush()

  def cancel(self, stream: int) -> None:
    """RST_STREAM with CANCEL."""
    self.engine.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    self.flush()

  def read_answer(self, stream: int) -> Answer:
    """The whole answer on a stream."""
    state = self.streams[stream]
    while not state.ended:
      if state.error is not None:
        raise Broken(f"reset with {state.error}", state.answer)
      self.receive()
    return state.answer

  def wait_head(self, stream: int) -> Answer:
    """Returns when the final head is there."""
    state = self.streams[stream]
    while not state.answer.status:
      if state.error is not None:
        raise Broken(f"reset with {state.error}", state.answer)
      self.receive()
    return state.answer

  def receive(self, *, credit: bool = True) -> list[h2.events.Event]:
    """Takes in what one read brings. Without `credit` the data's credit is kept back."""
    try:
      data = self.socket.recv(65536)
    except ConnectionResetError as error:
      raise Broken("reset") from error
    if not data:
      raise Broken("closed")
    events = self.engine.receive_data(self._without_goaway(data))
    for event in events:
      self._handle(event, credit)
    self.flush()
    return events

  def flush(self) -> None:
    """Sends what the engine has to send."""
    if data := self.engine.data_to_send():
      try:
        self.socket.sendall(data)
      except ConnectionError as error:
        raise Broken(f"while sending: {error}") from error

  def send_raw(self, data: bytes) -> None:
    """Sends bytes behind the engine's back."""
    try:
      self.socket.sendall(data)
    except ConnectionError as error:
      raise Broken(f"while sending: {error}") from error

  def reset(self) -> None:
    """Closes with a TCP reset."""
    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    self.socket.close()

  def close(self) -> None:
    self.socket.close()

  def __enter__(self) -> Http2Client:
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _without_goaway(self, data: bytes) -> bytes:
    """The whole frames that have come, but GOAWAY: hyper-h2 takes nothing after it, though open streams may still be served."""
    self._buffer += data
    whole = b""
    while len(self._buffer) >= 9 and len(self._buffer) >= (size := 9 + int.from_bytes(self._buffer[:3], "big")):
      frame, self._buffer = self._buffer[:size], self._buffer[size:]
      if frame[3] == GOAWAY:
        self.goaway = int.from_bytes(frame[13:17], "big")
      else:
        whole += frame
    return whole

  def _handle(self, event: h2.events.Event, credit: bool) -> None:
    state = self.streams.get(getattr(event, "stream_id", 0) or 0)
    if state is None:
      return
    if isinstance(event, (h2.events.ResponseReceived, h2.events.InformationalResponseReceived)):
      fields = [(str(name), str(value)) for name, value in event.headers]
      status = int(next(value for name, value in fields if name == ":status"))
      fields = [each for each in fields if not each[0].startswith(":")]
      if status < 200:
        state.answer.interim.append(Answer(status, fields))
      else:
        state.answer.status, state.answer.fields = status, fields
    elif isinstance(event, h2.events.DataReceived):
      state.answer.body += event.data or b""
      if credit and event.flow_controlled_length:
        self.engine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
      else:
        state.unread += event.flow_controlled_length or 0
    elif isinstance(event, h2.events.TrailersReceived):
      state.answer.trailers = [(str(name), str(value)) for name, value in event.headers]
    elif isinstance(event, h2.events.StreamEnded):
      state.ended = True
    elif isinstance(event, h2.events.StreamReset):
      state.error = int(event.error_code or 0)
