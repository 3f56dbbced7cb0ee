"""An idle tunnel stays open for as long as its ends want and costs the link nothing but its keep-alive."""

from __future__ import annotations

import time

import pytest

from interop.lib import ports
from interop.lib.relays import DatagramRelay
from interop.origins.tcp import TcpOrigin, connect, read_exactly

pytestmark = pytest.mark.quicgw


def test_silence_is_not_traffic(new_pair):
  """Requests in flight are worth a PING each second, tunnels in which nothing moves are not."""
  core_port, local = ports.free_port(), ports.free_port()
  with TcpOrigin() as origin, DatagramRelay(core_port) as relay:
    pair = new_pair({"unused": "http://127.0.0.1:1", "raw": origin.url}, probe=lambda _: True, core_port=core_port,
                    upstream_port=relay.port, edge_lines=[f"  - tcp: 127.0.0.1:{local}", "    service: raw"])
    ends = [(connect(local), origin.accept()) for _ in range(50)]
    for client, server in ends:
      client.sendall(b"1")
      assert read_exactly(server, 1) == b"1"
    time.sleep(3)  # Acknowledgements, and what loss recovery and MTU discovery have to say.
    before, worked = relay.count, pair.cpu_seconds()
    time.sleep(12)
    assert relay.count - before <= 6, f"{relay.count - before} datagrams in 12 s of silence"
    assert pair.cpu_seconds() - worked < 0.3
    for client, server in ends:
      server.sendall(b"2")
      assert read_exactly(client, 1) == b"2"

