"""Pings with the time in microseconds: ping(8) shows whole milliseconds from 100 on."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time

import numpy as np

from ..world import World

ECHO, ECHO_REPLY = 8, 0
SO_TIMESTAMPNS = 35


def pings(world: World, count: int, interval_s: float = 0.01, *, last_wait_s: float = 3) -> np.ndarray:
  """Round trips in milliseconds from the edge to the core's kernel, in the order of sending; NaN where none came back.

  last_wait_s -- for what is under way when the last has been sent.
  """
  with world.edge.enter():
    echoes = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
  with echoes:
    echoes.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    echoes.settimeout(last_wait_s)
    sent, back = np.full(count, np.nan), np.full(count, np.nan)
    mark = os.getpid() & 0xFFFF
    sender = threading.Thread(target=_send, args=(echoes, world.core.address, mark, sent, interval_s))
    begin = time.monotonic()
    sender.start()
    while time.monotonic() - begin < count * interval_s + last_wait_s and np.isnan(back).any():
      try:
        packet, ancillary, _, _ = echoes.recvmsg(2048, 64)
      except TimeoutError:
        break
      header = (packet[0] & 0x0F) * 4
      kind, _, _, seen, number = struct.unpack_from("!BBHHH", packet, header)
      # A packet that was duplicated, or is another's, changes nothing.
      if kind == ECHO_REPLY and seen == mark and number < count and np.isnan(back[number]):
        # When the kernel had it, not when this thread came to read it.
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
        back[number] = seconds * 1e3 + nanoseconds / 1e6
    sender.join()
  return back - sent


def _send(echoes: socket.socket, host: str, mark: int, sent: np.ndarray, interval_s: float) -> None:
  due = time.monotonic()
  for number in range(len(sent)):
    packet = struct.pack("!BBHHH", ECHO, 0, 0, mark, number) + bytes(56)
    packet = packet[:2] + struct.pack("!H", _checksum(packet)) + packet[4:]
    sent[number] = time.time_ns() / 1e6
    echoes.sendto(packet, (host, 0))
    due += interval_s
    time.sleep(max(0, due - time.monotonic()))


def _checksum(packet: bytes) -> int:
  total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
  total = (total & 0xFFFF) + (total >> 16)
  return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
