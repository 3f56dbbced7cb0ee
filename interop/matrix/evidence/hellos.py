"""What the two hellos of a TLS 1.3 handshake say in the clear (RFC 8446 §4.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

CLIENT_HELLO, SERVER_HELLO, ENCRYPTED_EXTENSIONS = 1, 2, 8
SERVER_NAME, ALPN, PRE_SHARED_KEY, EARLY_DATA = 0, 16, 41, 42
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest."""


@dataclass(frozen=True)
class Hello:
  """A ClientHello or a ServerHello."""

  random: bytes
  suites: tuple[int, ...]
  """What the client offers, or the one that the server chose."""
  extensions: dict[int, bytes] = field(default_factory=dict)

  @property
  def protocols(self) -> list[str]:
    """What ALPN offers."""
    data, names = self.extensions.get(ALPN, b"")[2:], []
    while data:
      names.append(data[1:1 + data[0]].decode("latin-1"))
      data = data[1 + data[0]:]
    return names


class Crypto:
  """The bytes of CRYPTO frames put in order, and the hellos in them."""

  def __init__(self) -> None:
    self._pieces: dict[int, bytes] = {}

  def add(self, offset: int, data: bytes) -> None:
    if len(data) > len(self._pieces.get(offset, b"")):
      self._pieces[offset] = data

  @property
  def data(self) -> bytes:
    """What has come without a gap."""
    whole = b""
    for offset in sorted(self._pieces):
      if offset > len(whole):
        break
      whole += self._pieces[offset][len(whole) - offset:]
    return whole

  def messages(self) -> Iterator[tuple[int, bytes]]:
    """The complete messages: type and body."""
    data = self.data
    while len(data) >= 4 and len(data) >= (end := 4 + int.from_bytes(data[1:4], "big")):
      yield data[0], data[4:end]
      data = data[end:]

  def hello(self, kind: int) -> Hello | None:
    """The last message of that kind that is no HelloRetryRequest."""
    hellos = (_parse(kind, body) for each, body in self.messages() if each == kind)
    found = [hello for hello in hellos if hello.random != RETRY_RANDOM]
    return found[-1] if found else None

  def encrypted_extensions(self) -> dict[int, bytes]:
    """What EncryptedExtensions says; empty while it has not come whole."""
    return next((_extensions(body, 2) for kind, body in self.messages() if kind == ENCRYPTED_EXTENSIONS), {})


def _parse(kind: int, data: bytes) -> Hello:
  random, at = data[2:34], 35 + data[34]
  if kind == CLIENT_HELLO:
    size = int.from_bytes(data[at:at + 2], "big")
    suites = tuple(int.from_bytes(data[i:i + 2], "big") for i in range(at + 2, at + 2 + size, 2))
    at += 2 + size
    at += 1 + data[at]
  else:
    suites = (int.from_bytes(data[at:at + 2], "big"),)
    at += 3
  return Hello(random, suites, _extensions(data, at + 2))


def _extensions(data: bytes, at: int) -> dict[int, bytes]:
  extensions = {}
  while at + 4 <= len(data):
    name, size = int.from_bytes(data[at:at + 2], "big"), int.from_bytes(data[at + 2:at + 4], "big")
    extensions[name] = data[at + 4:at + 4 + size]
    at += 4 + size
  return extensions
