"""Clients that begin connections and never go on, so that a server has reason to make the others prove their addresses.

`--handshakes N` sends that many true first packets, each of which costs the server a handshake that hangs; `--garbage N` so many
a second that look like first packets and cannot be opened, for as long as the program runs.
"""

from __future__ import annotations

import argparse
import os
import socket
import time

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

from ...clients.http3_frames import varint
from ...lib.certificates import CORE_NAME

SENT = "sent"
BATCH_S = 0.0005
LEAD_S = 0.5
"""How much garbage comes before others may begin."""


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("host")
  parser.add_argument("port", type=int)
  parser.add_argument("--handshakes", type=int, default=0)
  parser.add_argument("--garbage", type=int, default=0)
  options = parser.parse_args()
  family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
  with socket.socket(family, socket.SOCK_DGRAM) as out:
    out.connect((options.host, options.port))
    for _ in range(options.handshakes):
      out.send(_first_packet(options.host, options.port))
    batches = 0
    while options.garbage:
      begin = time.monotonic()
      for _ in range(int(options.garbage * BATCH_S)):
        out.send(_garbage())
      batches += 1
      if batches == round(LEAD_S / BATCH_S):
        print(SENT, flush=True)
      time.sleep(max(0.0, begin + BATCH_S - time.monotonic()))
    print(SENT, flush=True)
    while True:
      time.sleep(3600)


def _first_packet(host: str, port: int) -> bytes:
  configuration = QuicConfiguration(is_client=True, alpn_protocols=["h3"], server_name=CORE_NAME)
  connection = QuicConnection(configuration=configuration)
  connection.connect((host, port), now=0.0)
  return connection.datagrams_to_send(now=0.0)[0][0]


def _garbage() -> bytes:
  """An Initial packet of version 1 with random connection IDs and content, 1200 bytes."""
  head = b"\xc0\x00\x00\x00\x01\x08" + os.urandom(8) + b"\x08" + os.urandom(8) + b"\x00"
  rest = 1200 - len(head) - 2
  return head + varint(rest) + os.urandom(rest)


if __name__ == "__main__":
  main()
