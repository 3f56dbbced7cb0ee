"""The edge's address changes as the core sees it, once and twice within one round trip, while bytes flow."""

from __future__ import annotations

import time

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports
from interop.lib.relays import DatagramRelay

pytestmark = pytest.mark.quicgw


@pytest.fixture
def moving(origin, new_pair):
  port = ports.free_port()
  with DatagramRelay(port) as relay:
    yield new_pair(origin.http1_url, core_port=port, upstream_port=relay.port), relay


@pytest.mark.parametrize("moves", [1, 2])
def test_a_download_goes_on(moving, moves):
  pair, relay = moving
  with Http1Client(pair.port, limit=30) as client:
    client.send_request("GET", "/bytes/30000000")
    client.read_head()
    got = 0
    while got < 30_000_000:
      piece = client.read(1 << 20)
      assert piece, f"broken after {got} bytes"
      got += len(piece)
      if relay.moves < moves and got > 3_000_000:
        relay.move()
  pair.check()


def test_two_moves_within_one_round_trip(moving):
  pair, relay = moving
  with Http2Client(pair.port, limit=30) as client:
    for _ in range(10):
      stream = client.open("POST", "/echo")
      client.send(stream, b"x" * 1000)
      relay.move()
      client.send(stream, b"y" * 1000)
      relay.move()
      client.send(stream, b"z" * 1000)
      client.end(stream)
      assert len(client.read_answer(stream).body) == 3000
      pair.check()
      time.sleep(0.05)
