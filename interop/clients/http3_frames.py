"""HTTP/3 frames and QPACK field sections by hand, so that wrong ones can be made as easily as right ones."""

from __future__ import annotations

from typing import Iterable

DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 0x0, 0x1, 0x3, 0x4, 0x5, 0x7, 0xD
CONTROL, PUSH, QPACK_ENCODER, QPACK_DECODER = 0x0, 0x1, 0x2, 0x3

Fields = Iterable[tuple[str | bytes, str | bytes]]


def varint(value: int) -> bytes:
  """RFC 9000 §16."""
  for prefix, bits, size in ((0, 6, 1), (1, 14, 2), (2, 30, 4), (3, 62, 8)):
    if value < 1 << bits:
      return (value | prefix << (size * 8 - 2)).to_bytes(size, "big")
  raise ValueError(value)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
  """A number and where it ends; raises IndexError when more bytes are needed."""
  size = 1 << (data[at] >> 6)
  if at + size > len(data):
    raise IndexError
  return int.from_bytes(data[at:at + size], "big") & ((1 << (size * 8 - 2)) - 1), at + size


def frame(kind: int, payload: bytes, *, length: int | None = None) -> bytes:
  """A frame; `length` lies about the payload's."""
  return varint(kind) + varint(len(payload) if length is None else length) + payload


def headers(fields: Fields) -> bytes:
  """A HEADERS frame of literal field lines."""
  return frame(HEADERS, section(fields))


def section(fields: Fields) -> bytes:
  """A QPACK field section without the dynamic table (RFC 9204 §4.5): literal names and values, no Huffman code."""
  lines = b""
  for name, value in fields:
    name, value = _bytes(name), _bytes(value)
    lines += _prefixed(len(name), 3, 0b00100000) + name + _prefixed(len(value), 7, 0) + value
  return b"\x00\x00" + lines


def request_fields(method: str, path: str, authority: str, more: Fields = ()) -> list[tuple[str | bytes, str | bytes]]:
  """The four pseudo-fields of a request and what follows them."""
  return [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path), *more]


def settings(values: Iterable[tuple[int, int]] = ()) -> bytes:
  """A SETTINGS frame."""
  return frame(SETTINGS, b"".join(varint(name) + varint(value) for name, value in values))


def frames(data: bytes) -> list[tuple[int, bytes]]:
  """The complete frames at the beginning of a stream's bytes."""
  found, at = [], 0
  try:
    while at < len(data):
      kind, begin = read_varint(data, at)
      length, begin = read_varint(data, begin)
      if begin + length > len(data):
        break
      found.append((kind, data[begin:begin + length]))
      at = begin + length
  except IndexError:
    pass
  return found


def _bytes(text: str | bytes) -> bytes:
  return text if isinstance(text, bytes) else text.encode("latin-1")


def _prefixed(value: int, bits: int, first: int) -> bytes:
  """An integer with a prefix of that many bits (RFC 7541 §5.1)."""
  limit = (1 << bits) - 1
  if value < limit:
    return bytes([first | value])
  coded, value = bytes([first | limit]), value - limit
  while value >= 128:
    coded, value = coded + bytes([value % 128 | 128]), value // 128
  return coded + bytes([value])
