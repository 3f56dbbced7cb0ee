"""A program that writes every UDP datagram of one port that passes an interface into a pcap file, until SIGTERM.

Runs in the namespace whose interface it watches. The kernel's large packets are cut into the datagrams that they stand for.
"""

from __future__ import annotations

import argparse
import ctypes
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

from . import pcap

SOL_PACKET, PACKET_STATISTICS, PACKET_VNET_HDR, SO_TIMESTAMPNS, SO_RCVBUFFORCE, SO_ATTACH_FILTER = 263, 6, 15, 35, 33, 26
ETH_P_ALL, OUTGOING, LOOPBACK = 3, 4, 772
WITH_ETHERNET = (1, LOOPBACK)
"""Kinds of interfaces (ARPHRD_*) whose packets begin with an Ethernet header; those of TUN devices begin with IP."""
GSO_UDP = 5
READY = "captures"


def main() -> int:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("interface")
  parser.add_argument("port", type=int)
  parser.add_argument("output", type=Path)
  options = parser.parse_args()
  ended: list[int] = []
  for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: ended.append(1))
  tap = _open(options.interface, options.port)
  with options.output.open("wb", buffering=1 << 20) as file:
    file.write(pcap.HEADER)
    file.flush()
    print(READY, options.interface, flush=True)
    while not ended:
      try:
        _take(tap, file)
      except TimeoutError:
        file.flush()
    # What passed before the signal may still wait in the socket's queue.
    tap.settimeout(0.05)
    end_ns = time.time_ns()
    try:
      while _take(tap, file) < end_ns:
        pass
    except TimeoutError:
      pass
  seen, dropped = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
  print(f"packets {seen} dropped {dropped}")
  return 1 if dropped else 0


def _open(interface: str, port: int) -> socket.socket:
  # Protocol 0 takes nothing until the filter is there and `bind` says which.
  tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
  _filter(tap, port)
  tap.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
  tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
  tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
  tap.bind((interface, ETH_P_ALL))
  tap.settimeout(0.2)
  return tap


def _filter(tap: socket.socket, port: int) -> None:
  """Lets the kernel pass nothing but the port's datagrams: others may be busy on the same interface."""
  net = 0xFFF00000  # SKF_NET_OFF: counted from the IP header, whatever is before it
  byte, half, mask, equal, give = 0x30, 0x28, 0x54, 0x15, 0x06
  program = [  # operation, how many to skip if true and if false, operand
    (byte, 0, 0, net), (mask, 0, 0, 0xF0), (equal, 0, 6, 0x40),
    (byte, 0, 0, net + 9), (equal, 0, 12, pcap.UDP), (half, 0, 0, net + 20), (equal, 9, 0, port), (half, 0, 0, net + 22), (equal, 7, 8, port),
    (equal, 0, 7, 0x60),
    (byte, 0, 0, net + 6), (equal, 0, 5, pcap.UDP), (half, 0, 0, net + 40), (equal, 2, 0, port), (half, 0, 0, net + 42), (equal, 0, 1, port),
    (give, 0, 0, 0xFFFFFFFF), (give, 0, 0, 0)]
  code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
  tap.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code)))


def _take(tap: socket.socket, file: BinaryIO) -> int:
  """Writes one packet; the time at which it passed."""
  data, control, _, (_, _, direction, kind, _) = tap.recvmsg(1 << 17, 64)
  at_ns = time.time_ns()
  for level, name, value in control:
    if (level, name) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
      seconds, rest = struct.unpack("qq", value)
      at_ns = seconds * 1_000_000_000 + rest
  # On loopback everything passes twice, on its way out and in again.
  if kind == LOOPBACK and direction == OUTGOING:
    return at_ns
  _, gso, _, size = struct.unpack_from("=BBHH", data)
  packet = data[10 + (14 if kind in WITH_ETHERNET else 0):]
  for each in pcap.segments(packet, size) if gso == GSO_UDP and size else [packet]:
    pcap.write(file, at_ns, each)
  return at_ns


if __name__ == "__main__":
  sys.exit(main())
