"""Captured UDP datagrams as a pcap file that Wireshark opens too: raw IP packets, times in nanoseconds."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Iterator

HEADER = struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 0x40000, 101)
"""Magic of files with nanoseconds, version 2.4, link type 101: packets begin with their IP header."""
UDP = 17

Address = tuple[str, int]


@dataclass(frozen=True)
class Datagram:
  """One UDP datagram as it passed the point of capture."""

  at: float
  """Seconds of Unix time."""
  source: Address
  target: Address
  ecn: int
  """The two bits of IP's explicit congestion notification: 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced."""
  payload: bytes


def write(file: BinaryIO, at_ns: int, packet: bytes) -> None:
  """Appends one IP packet."""
  seconds, rest = divmod(at_ns, 1_000_000_000)
  file.write(struct.pack("=IIII", seconds, rest, len(packet), len(packet)) + packet)


def read(path: Path) -> Iterator[Datagram]:
  """The UDP datagrams of a file, in order; a record that is not complete yet ends it."""
  data = path.read_bytes()
  if data[:len(HEADER)] != HEADER:
    raise ValueError(f"{path} is not a capture of this program")
  at = len(HEADER)
  while at + 16 <= len(data):
    seconds, rest, size, _ = struct.unpack_from("=IIII", data, at)
    packet = data[at + 16:at + 16 + size]
    if len(packet) < size:
      return
    if datagram := parse(seconds + rest / 1e9, packet):
      yield datagram
    at += 16 + size


def parse(at: float, packet: bytes) -> Datagram | None:
  """The datagram of an IP packet; None when that is not UDP."""
  if packet[0] >> 4 == 4:
    begin, protocol, ecn = (packet[0] & 15) * 4, packet[9], packet[1] & 3
    hosts = (str(ipaddress.IPv4Address(packet[12:16])), str(ipaddress.IPv4Address(packet[16:20])))
  else:
    begin, protocol, ecn = 40, packet[6], packet[1] >> 4 & 3
    hosts = (str(ipaddress.IPv6Address(packet[8:24])), str(ipaddress.IPv6Address(packet[24:40])))
  if protocol != UDP:
    return None
  source, target = struct.unpack_from("!HH", packet, begin)
  return Datagram(at, (hosts[0], source), (hosts[1], target), ecn, packet[begin + 8:])


def segments(packet: bytes, size: int) -> Iterator[bytes]:
  """The IP packets that the kernel will make of one that it cuts late (GSO), or has joined early (GRO), by segments of `size`."""
  four = packet[0] >> 4 == 4
  begin = ((packet[0] & 15) * 4 if four else 40) + 8
  head, payload = packet[:begin], packet[begin:]
  for at in range(0, len(payload), size):
    piece, own = payload[at:at + size], bytearray(head)
    struct.pack_into("!H", own, begin - 4, len(piece) + 8)
    if four:
      struct.pack_into("!H", own, 2, begin + len(piece))
    else:
      struct.pack_into("!H", own, 4, len(piece) + 8)
    yield bytes(own) + piece
