"""An HTTP/1.1 client on a bare socket: sends what it is told, byte for byte, and reads strictly."""

from __future__ import annotations

import socket
import struct
from typing import Iterable

from .answer import Answer, Broken

Fields = Iterable[tuple[str, str]]


class Http1Client:
  """One connection. Every wait has a limit of `limit` seconds (socket.timeout)."""

  wire = "http1"

  def __init__(self, port: int, limit: float = 10, *, host: str = "127.0.0.1", receive_buffer: int | None = None) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    self.socket = socket.socket(family, socket.SOCK_STREAM)
    if receive_buffer:
      self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.socket.settimeout(limit)
    self.socket.connect((host, port))
    self.authority = f"127.0.0.1:{port}"
    self._buffer = b""
    self._answers_head: list[bool] = []

  def request(self, method: str, target: str, fields: Fields = (), body: bytes | Iterable[bytes] | None = None,
              trailers: Fields = ()) -> Answer:
    """Sends a request and reads its answer. Bytes go with their length, an iterable chunked."""
    self.send_request(method, target, fields, body, trailers)
    return self.read_answer()

  def send_request(self, method: str, target: str, fields: Fields = (), body: bytes | Iterable[bytes] | None = None,
                   trailers: Fields = ()) -> None:
    fields = list(fields)
    if not any(name.lower() == "host" for name, _ in fields):
      fields.insert(0, ("Host", self.authority))
    if isinstance(body, bytes):
      fields.append(("Content-Length", str(len(body))))
    elif body is not None:
      fields.append(("Transfer-Encoding", "chunked"))
    self._answers_head.append(method == "HEAD")
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    self.send(head.encode("latin-1") + (body if isinstance(body, bytes) else b""))
    if body is not None and not isinstance(body, bytes):
      for piece in body:
        self.send_chunk(piece)
      self.send(b"0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in trailers).encode() + b"\r\n")

  def send(self, data: bytes) -> None:
    """Sends bytes as they are."""
    try:
      self.socket.sendall(data)
    except ConnectionError as error:
      raise Broken(f"while sending: {error}") from error

  def send_chunk(self, piece: bytes) -> None:
    if piece:
      self.send(b"%x\r\n%b\r\n" % (len(piece), piece))

  def read_answer(self) -> Answer:
    """The next final answer, whole, with the interim ones before it."""
    interim = []
    while True:
      answer = self.read_head()
      if answer.status >= 200 or answer.status == 101:
        break
      interim.append(answer)
    answer.interim = interim
    is_head = self._answers_head.pop(0) if self._answers_head else False
    if not is_head and answer.status not in (204, 304):
      self._read_body(answer)
    return answer

  def read_head(self) -> Answer:
    """The next status line and its fields."""
    line = self._line().decode("latin-1")
    version, _, rest = line.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0"):
      raise Broken(f"not a status line: {line!r}")
    return Answer(int(rest[:3]), self._fields())

  def read(self, count: int) -> bytes:
    """Some bytes of what comes, at most `count`; empty at the end."""
    if self._buffer:
      piece, self._buffer = self._buffer[:count], self._buffer[count:]
      return piece
    try:
      return self.socket.recv(count)
    except ConnectionResetError:
      return b""

  def is_closed(self) -> bool:
    """Whether the peer closes without sending more; waits for it up to the limit."""
    try:
      return self.read(1) == b""
    except TimeoutError:
      return False

  def end(self) -> None:
    """Says that nothing more will be sent (a half-close)."""
    self.socket.shutdown(socket.SHUT_WR)

  def reset(self) -> None:
    """Closes with a TCP reset."""
    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    self.socket.close()

  def close(self) -> None:
    self.socket.close()

  def __enter__(self) -> Http1Client:
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _read_body(self, answer: Answer) -> None:
    try:
      if (answer.first("transfer-encoding") or "").lower() == "chunked":
        while size := int(self._line().split(b";")[0], 16):
          answer.body += self._exactly(size, answer)
          if self._exactly(2, answer) != b"\r\n":
            raise Broken("a chunk does not end with CRLF", answer)
        answer.trailers = self._fields()
      elif (length := answer.first("content-length")) is not None:
        answer.body = self._exactly(int(length), answer)
      else:
        while piece := self.read(65536):
          answer.body += piece
    except Broken as error:
      error.partial = error.partial or answer
      raise

  def _exactly(self, count: int, answer: Answer) -> bytes:
    pieces, left = [], count
    while left:
      piece = self.read(min(left, 1 << 20))
      if not piece:
        answer.body += b"".join(pieces)
        raise Broken(f"closed with {left} bytes missing", answer)
      pieces.append(piece)
      left -= len(piece)
    return b"".join(pieces)

  def _line(self) -> bytes:
    while b"\r\n" not in self._buffer:
      try:
        piece = self.socket.recv(65536)
      except ConnectionResetError as error:
        raise Broken("reset") from error
      if not piece:
        raise Broken("closed")
      self._buffer += piece
    line, _, self._buffer = self._buffer.partition(b"\r\n")
    return line

  def _fields(self) -> list[tuple[str, str]]:
    fields = []
    while line := self._line():
      name, _, value = line.decode("latin-1").partition(":")
      fields.append((name.lower(), value.strip(" \t")))
    return fields
