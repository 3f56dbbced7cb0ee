"""QUIC packets in datagrams, as far as their headers are in the clear (RFC 8999, RFC 9000 §17)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterator

from ...clients.http3_frames import read_varint
from .pcap import Datagram

VERSION_1 = 0x00000001
VERSION_2_DRAFT = 0x709A50C4
"""The number that ngtcp2 0.12 knows QUIC version 2 by; RFC 9369 chose another one."""


class Kind(Enum):
  INITIAL = "Initial"
  ZERO_RTT = "0-RTT"
  HANDSHAKE = "Handshake"
  RETRY = "Retry"
  NEGOTIATION = "Version Negotiation"
  SHORT = "1-RTT"
  UNKNOWN = "of an unknown version"


KINDS = {
  VERSION_1: (Kind.INITIAL, Kind.ZERO_RTT, Kind.HANDSHAKE, Kind.RETRY),
  VERSION_2_DRAFT: (Kind.RETRY, Kind.INITIAL, Kind.ZERO_RTT, Kind.HANDSHAKE),
}
"""What the two type bits of a long header mean in each version."""


@dataclass(frozen=True)
class Packet:
  """One packet; the connection IDs of a short header are not known from the packet alone."""

  datagram: Datagram
  kind: Kind
  data: bytes
  """From its first byte to its last."""
  number_at: int
  """Where its protected packet number begins."""
  version: int = 0
  destination: bytes = b""
  source: bytes = b""
  token: bytes = b""


def packets(datagram: Datagram) -> Iterator[Packet]:
  """The packets of a datagram; ends at the first that cannot be understood, such as one that was corrupted."""
  data, at = datagram.payload, 0
  while at < len(data):
    try:
      packet = _packet(datagram, data[at:])
    except IndexError:
      return
    yield packet
    at += len(packet.data)


def _packet(datagram: Datagram, data: bytes) -> Packet:
  if not data[0] & 0x80:
    return Packet(datagram, Kind.SHORT, data, 1)
  version = int.from_bytes(data[1:5], "big")
  destination, at = _with_length(data, 5)
  source, at = _with_length(data, at)
  header = {"version": version, "destination": destination, "source": source}
  if version == 0:
    return Packet(datagram, Kind.NEGOTIATION, data, at, **header)
  if version not in KINDS:
    return Packet(datagram, Kind.UNKNOWN, data, at, **header)
  kind = KINDS[version][data[0] >> 4 & 3]
  if kind is Kind.RETRY:
    return Packet(datagram, kind, data, at, token=data[at:-16], **header)
  token = b""
  if kind is Kind.INITIAL:
    size, at = read_varint(data, at)
    token, at = data[at:at + size], at + size
  size, at = read_varint(data, at)
  if at + size > len(data):
    raise IndexError
  return Packet(datagram, kind, data[:at + size], at, token=token, **header)


def _with_length(data: bytes, at: int) -> tuple[bytes, int]:
  end = at + 1 + data[at]
  if end > len(data):
    raise IndexError
  return data[at + 1:end], end
