"""HTTP/2 frames and HPACK field blocks by hand, and a connection that sends and reads them without opinions."""

from __future__ import annotations

import socket
import struct

from hpack import Decoder

from .answer import Broken

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS = 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"", length: int | None = None) -> bytes:
  """A frame; `length` lies about the payload's."""
  return struct.pack(">I", len(payload) if length is None else length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name: str, value: str) -> bytes:
  """A field of HPACK without indexing and without Huffman code (names and values below 127 bytes)."""
  return b"\x00" + bytes([len(name)]) + name.encode("latin-1") + bytes([len(value)]) + value.encode("latin-1")


def block(fields: list[tuple[str, str]]) -> bytes:
  return b"".join(literal(*each) for each in fields)


class RawHttp2:
  """A connection whose preface and settings have been sent. Every wait has a limit of `limit` seconds."""

  def __init__(self, port: int, limit: float = 5) -> None:
    self.socket = socket.create_connection(("127.0.0.1", port), timeout=limit)
    self.send(PREFACE + frame(SETTINGS, 0, 0))
    self._buffer = b""
    self._decoder = Decoder()

  def send(self, data: bytes) -> None:
    try:
      self.socket.sendall(data)
    except ConnectionError as error:
      raise Broken(f"while sending: {error}") from error

  def read_frame(self) -> tuple[int, int, int, bytes]:
    """Kind, flags, stream and payload of the next frame."""
    head = self._exactly(9)
    kind, flags, stream = struct.unpack(">BBI", head[3:])
    return kind, flags, stream, self._exactly(int.from_bytes(head[:3], "big"))

  def verdict(self, stream: int | None = None) -> str:
    """How the peer ends it: `goaway 1`, `reset 1` or `answered 400` of that stream, or `closed`."""
    try:
      while True:
        kind, flags, number, payload = self.read_frame()
        if kind == GOAWAY and (code := int.from_bytes(payload[4:8], "big")):
          return f"goaway {code}"
        if kind == RST_STREAM and number == stream:
          return f"reset {int.from_bytes(payload, 'big')}"
        if kind == HEADERS:
          status = dict(self._decoder.decode(payload)).get(":status", "")
          if number == stream and flags & END_HEADERS and status and int(status) >= 200:
            return f"answered {status}"
    except Broken:
      return "closed"

  def close(self) -> None:
    self.socket.close()

  def __enter__(self) -> RawHttp2:
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _exactly(self, count: int) -> bytes:
    while len(self._buffer) < count:
      try:
        piece = self.socket.recv(65536)
      except ConnectionResetError as error:
        raise Broken("reset") from error
      if not piece:
        raise Broken("closed")
      self._buffer += piece
    data, self._buffer = self._buffer[:count], self._buffer[count:]
    return data
