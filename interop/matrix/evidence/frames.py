"""The frames of a packet that was opened (RFC 9000 §19), as far as cases ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from ...clients.http3_frames import read_varint

(PADDING, PING, ACK, ACK_ECN, RESET_STREAM, STOP_SENDING, CRYPTO, NEW_TOKEN) = range(8)
STREAMS, MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS_BIDI, STREAM_DATA_BLOCKED = range(0x08, 0x10), 0x10, 0x11, 0x12, 0x15
NEW_CONNECTION_ID, RETIRE_CONNECTION_ID, PATH_CHALLENGE, PATH_RESPONSE = 0x18, 0x19, 0x1A, 0x1B
CLOSE, CLOSE_BY_APPLICATION, HANDSHAKE_DONE, DATAGRAM, DATAGRAM_WITH_LENGTH = 0x1C, 0x1D, 0x1E, 0x30, 0x31
NUMBERS = {RESET_STREAM: 3, STOP_SENDING: 2, MAX_DATA: 1, MAX_STREAM_DATA: 2, 0x12: 1, 0x13: 1, 0x14: 1, 0x15: 2, 0x16: 1, 0x17: 1,
           RETIRE_CONNECTION_ID: 1}
"""How many numbers the frames consist of that consist of numbers only."""


@dataclass(frozen=True)
class Frame:
  """A frame of which only the numbers at its beginning and its bytes matter."""

  kind: int
  numbers: tuple[int, ...] = ()
  data: bytes = b""


def frames(payload: bytes) -> Iterator[Frame]:
  """The frames of a payload, PADDING left out; ends at a kind that is not known."""
  at = 0
  while at < len(payload):
    if payload[at] == PADDING:
      at += 1
      continue
    kind, at = read_varint(payload, at)
    frame, at = _frame(kind, payload, at)
    if frame is None:
      return
    yield frame


def _frame(kind: int, payload: bytes, at: int) -> tuple[Frame | None, int]:
  if kind in (PING, HANDSHAKE_DONE):
    return Frame(kind), at
  if kind in (ACK, ACK_ECN):
    return _acknowledgement(kind, payload, at)
  if kind in NUMBERS:
    numbers, at = _numbers(payload, at, NUMBERS[kind])
    return Frame(kind, numbers), at
  if kind in (PATH_CHALLENGE, PATH_RESPONSE):
    return Frame(kind, (), payload[at:at + 8]), at + 8
  if kind == NEW_CONNECTION_ID:
    numbers, at = _numbers(payload, at, 2)
    size = payload[at]
    return Frame(kind, numbers, payload[at + 1:at + 1 + size]), at + 1 + size + 16
  if kind in STREAMS:
    numbers, at = _numbers(payload, at, 2 if kind & 4 else 1)
    size, at = read_varint(payload, at) if kind & 2 else (len(payload) - at, at)
    return Frame(kind, numbers, payload[at:at + size]), at + size
  if kind in (CLOSE, CLOSE_BY_APPLICATION):
    numbers, at = _numbers(payload, at, 2 if kind == CLOSE else 1)
    size, at = read_varint(payload, at)
    return Frame(kind, numbers, payload[at:at + size]), at + size
  if kind in (CRYPTO, NEW_TOKEN, DATAGRAM_WITH_LENGTH):
    numbers, at = _numbers(payload, at, 1 if kind == CRYPTO else 0)
    size, at = read_varint(payload, at)
    return Frame(kind, numbers, payload[at:at + size]), at + size
  if kind == DATAGRAM:
    return Frame(kind, (), payload[at:]), len(payload)
  return None, at


def _acknowledgement(kind: int, payload: bytes, at: int) -> tuple[Frame, int]:
  """Its numbers: largest acknowledged, delay; for ACK_ECN then the counts of ECT(0), ECT(1) and congestion experienced."""
  (largest, delay, count), at = _numbers(payload, at, 3)
  _, at = _numbers(payload, at, 1 + 2 * count)
  marks, at = _numbers(payload, at, 3 if kind == ACK_ECN else 0)
  return Frame(kind, (largest, delay, *marks)), at


def _numbers(payload: bytes, at: int, count: int) -> tuple[tuple[int, ...], int]:
  found = []
  for _ in range(count):
    number, at = read_varint(payload, at)
    found.append(number)
  return tuple(found), at
