"""What the core sees of the edge, and what happens to flows when the NAT forgets and when the edge moves."""

from __future__ import annotations

import socket
import time

import pytest

from interop.lib.waiting import wait_until
from interop.rig.profiles import Conditions, Profile, Rebind


def test_a_flow_keeps_its_mapping(world, sight):
  first = sight.look()
  assert first[0] in world.seen_by_core
  assert first[0] not in (world.edge.address, world.edge.address6)
  assert all(sight.look() == first for _ in range(5))


def test_another_port(world, sight):
  host, port = sight.look()
  old = sight.last
  world.rebind_port()
  # What the core still sends to the old port is lost, also before the edge has sent anything.
  sight.server.sendto(b"to the old port 1 1", old)
  with pytest.raises(TimeoutError):
    sight.client.recv(1000)
  after = sight.look()
  assert after[0] == host and after[1] != port
  sight.server.sendto(b"to the old port 1 1", old)
  sight.push(b"to the new port")
  assert sight.client.recv(1000) == b"to the new port"


def test_another_address(world, sight):
  host, port = sight.look()
  old = sight.last
  world.rebind_address()
  after = sight.look()
  assert after[0] != host and after[1] != port and after[0] in world.seen_by_core
  sight.server.sendto(b"to the old address", old)
  with pytest.raises(TimeoutError):
    sight.client.recv(1000)


def test_nobody_reaches_the_edge_unasked(world, sight):
  host, port = sight.look()
  with world.core.enter(), socket.socket(sight.server.family, socket.SOCK_DGRAM) as stranger:
    stranger.sendto(b"unasked", (host, port))
  with pytest.raises(TimeoutError):
    sight.client.recv(1000)


def test_the_edge_moves(world, sight):
  before, old = sight.look(), world.edge.address
  world.move_edge()
  assert world.edge.address != old
  after = sight.look()
  assert after is not None and after != before
  # Behind the NAT as before: the core sees the same host at another port.
  assert after[0] == before[0]


def test_a_tcp_connection_breaks(world):
  with world.core.enter():
    server = socket.create_server((world.core.address, 0))
  with world.edge.enter():
    client = socket.create_connection(server.getsockname(), timeout=5)
  peer, _ = server.accept()
  client.sendall(b"one")
  assert peer.recv(10) == b"one"
  world.rebind_port()
  with pytest.raises(ConnectionError):
    # Its next segment comes from a port that the core does not know; the core resets it.
    client.sendall(b"two")
    assert client.recv(10) == b""
    raise ConnectionError
  # And what the core sends does not arrive, nor is it told.
  peer.sendall(b"three")
  peer.settimeout(0.5)
  with pytest.raises(TimeoutError):
    peer.recv(10)
  for each in (client, peer, server):
    each.close()


@pytest.mark.parametrize("what", ["port", "address"])
def test_a_profile_that_rebinds(world, sight, what):
  # A word that the NAT swallows must not cost two changes more: the ranges of ports come round again.
  sight.client.settimeout(0.1)
  world.change(Profile("test", "", "", Conditions(), Conditions(), Rebind(what, first_s=0.3, every_s=0.5)))
  begin, seen = time.monotonic(), []
  # Three times within 1.3 s; a busy machine gets round to it later.
  while len(seen) < 4 and time.monotonic() - begin < 10:
    if (found := sight.look()) and found not in seen:
      seen.append(found)
    time.sleep(0.02)
  assert time.monotonic() - begin > 1.2
  # Four pairs that differ: on one address, four ports.
  assert len(seen) == 4
  assert len({host for host, _ in seen}) == (1 if what == "port" else 4)
  sight.client.settimeout(1)
  world.change("none")
  last = sight.look()
  time.sleep(0.8)
  assert sight.look() == last


def test_many_rebindings_in_a_row(world, sight):
  """More than there are ranges of ports: they come round again."""
  for _ in range(9):
    world.rebind_port()
  assert wait_until(sight.look, 5, "the NAT does not translate any more")
