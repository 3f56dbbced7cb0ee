"""An edge by hand: a QUIC client that is an HTTP/3 server (draft-thomson-ptth-potato), says of itself what it likes and answers any bytes."""

from __future__ import annotations

import time
from pathlib import Path

import pylsqpack
from aioquic import tls
from aioquic.buffer import Buffer

from ..lib.certificates import Leaf
from ..lib.waiting import wait_until
from . import http3_frames as h3
from .http3 import Http3Client

PROTOCOL = b"\xc6\x90\xc9\xa5"
ANNOUNCEMENT = 0x2C513D7A
"""The type of the stream on which both ends say who they are."""
EDGE, INSTANCE, VERSION, SERVICE, LABEL = 0, 0, 1, 2, 3


def item(kind: int, value: bytes) -> bytes:
  return h3.varint(kind) + h3.varint(len(value)) + value


def announcement(services: list[str], labels: dict[str, str] | None = None, *, instance: bytes = b"i" * 16, version: str = "1") -> bytes:
  """A frame that says what an edge exposes."""
  items = item(INSTANCE, instance) + item(VERSION, version.encode())
  for service in services:
    items += item(SERVICE, service.encode())
  for key, value in (labels or {}).items():
    items += item(LABEL, h3.varint(len(key)) + key.encode() + value.encode())
  return item(EDGE, items)


class ReversedEdge(Http3Client):
  """One reversed connection to a core."""

  def __init__(self, port: int, ca: Path, leaf: Leaf, announced: bytes | None, limit: float = 5) -> None:
    """announced -- the bytes of the announcement stream behind its type; None opens none."""
    _speak_any_protocol()
    super().__init__(port, ca, leaf, limit, alpn=PROTOCOL.decode("latin-1"))
    self._answered: set[int] = set()
    self.announcements = None if announced is None else self.open(h3.varint(ANNOUNCEMENT) + announced, one_way=True)

  def take_request(self) -> tuple[int, dict[str, str]]:
    """The number of the stream of a request that was not taken yet, and its fields."""
    end = time.monotonic() + self.limit

    def found() -> tuple[int, dict[str, str]] | None:
      if self.close_code is not None:
        raise AssertionError(f"the core has closed the connection with 0x{self.close_code:x}")
      for number, stream in list(self._protocol.streams.items()):
        # Streams of the QUIC server, both ways.
        if number % 4 == 1 and number not in self._answered:
          heads = [payload for kind, payload in h3.frames(bytes(stream.data)) if kind == h3.HEADERS]
          if heads:
            fields = pylsqpack.Decoder(0, 0).feed_header(0, heads[0])[1]
            return number, {name.decode(): value.decode("latin-1") for name, value in fields}
      return None

    number, fields = wait_until(found, max(0.1, end - time.monotonic()), "no request has come")
    self._answered.add(number)
    return number, fields

  def answer(self, stream: int, body: bytes = b"", *, status: str = "200", fields: h3.Fields = (), end: bool = True) -> None:
    self.send(stream, h3.headers([(":status", status), *fields]) + (h3.frame(h3.DATA, body) if body else b""), end=end)


def _speak_any_protocol() -> None:
  """aioquic takes ALPN names for ASCII; this one is bytes."""

  def push(buffer: Buffer, protocol: str) -> None:
    tls.push_opaque(buffer, 1, protocol.encode("latin-1"))

  def pull(buffer: Buffer) -> str:
    return tls.pull_opaque(buffer, 1).decode("latin-1")

  tls.push_alpn_protocol, tls.pull_alpn_protocol = push, pull
