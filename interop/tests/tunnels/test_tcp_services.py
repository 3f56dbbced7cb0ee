"""A TCP service is reached as if there were no gateway: bytes, ends and resets cross as they are."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import threading
import time

import pytest

from interop.clients.http1 import Http1Client
from interop.lib.waiting import wait_until
from interop.origins.tcp import connect, ending, read_exactly, reset

pytestmark = pytest.mark.quicgw
MIB = 1 << 20


def opened(tunnels):
  """Both ends of a new tunnel."""
  client = connect(tunnels.tcp)
  return client, tunnels.raw.accept()


def test_the_server_may_speak_first(tunnels):
  client, server = opened(tunnels)
  server.sendall(b"220 ready\r\n")
  assert read_exactly(client, 11) == b"220 ready\r\n"
  client.sendall(b"HELO\r\n")
  assert read_exactly(server, 6) == b"HELO\r\n"


@pytest.mark.parametrize("size", [1, 65536, 20 * MIB])
def test_bytes_cross_both_ways_at_once(tunnels, size):
  client, server = opened(tunnels)
  sent = random.Random(size).randbytes(size)
  writers = [threading.Thread(target=end.sendall, args=(sent,)) for end in (client, server)]
  got: dict[str, str] = {}
  readers = [
    threading.Thread(target=lambda name, end: got.update({name: hashlib.sha256(read_exactly(end, size)).hexdigest()}), args=each)
    for each in (("client", client), ("server", server))]
  for thread in writers + readers:
    thread.start()
  for thread in writers + readers:
    thread.join(60)
  expected = hashlib.sha256(sent).hexdigest()
  assert got == {"client": expected, "server": expected}


@pytest.mark.parametrize("first", ["client", "server"])
def test_one_side_ends_and_the_other_goes_on(tunnels, first):
  client, server = opened(tunnels)
  ends, goes_on = (client, server) if first == "client" else (server, client)
  ends.sendall(b"all of it")
  ends.shutdown(socket.SHUT_WR)
  assert read_exactly(goes_on, 9) == b"all of it"
  assert goes_on.recv(10) == b""
  time.sleep(0.3)
  goes_on.sendall(b"x" * 3 * MIB)
  assert read_exactly(ends, 3 * MIB) == b"x" * 3 * MIB
  goes_on.shutdown(socket.SHUT_WR)
  assert ends.recv(10) == b""


@pytest.mark.parametrize("first", ["client", "server"])
def test_what_was_sent_before_the_end_arrives_whole_although_the_reader_is_slow(tunnels, first):
  client, server = opened(tunnels)
  sender, reader = (client, server) if first == "client" else (server, client)
  sent = random.Random(1).randbytes(3 * MIB)
  writer = threading.Thread(target=lambda: (sender.sendall(sent), sender.close()))
  writer.start()
  time.sleep(0.5)
  assert read_exactly(reader, len(sent)) == sent
  assert reader.recv(1) == b""
  writer.join()


@pytest.mark.parametrize("first", ["client", "server"])
@pytest.mark.parametrize("half_closed", [False, True], ids=["open", "half closed"])
def test_a_reset_arrives_as_one(tunnels, first, half_closed):
  client, server = opened(tunnels)
  one, other = (client, server) if first == "client" else (server, client)
  one.sendall(b"1")
  assert read_exactly(other, 1) == b"1"
  if half_closed:
    other.shutdown(socket.SHUT_WR)
    assert one.recv(1) == b""
  reset(one)
  assert ending(other) == "reset"


@pytest.mark.parametrize("first", ["client", "server"])
def test_a_reset_behind_an_end_reaches_the_side_that_still_sends(tunnels, first):
  client, server = opened(tunnels)
  one, other = (client, server) if first == "client" else (server, client)
  one.shutdown(socket.SHUT_WR)
  assert other.recv(1) == b""
  reset(one)

  def is_refused() -> bool:
    try:
      other.sendall(b"more")
      return False
    except (ConnectionResetError, BrokenPipeError):
      return True

  wait_until(is_refused, 5, "whoever still sends does not learn that nobody reads", every=0.05)


def test_a_service_that_is_down_resets_its_clients(tunnels):
  # On loopback it may come before `connect` has returned.
  with pytest.raises(ConnectionResetError):
    connect(tunnels.closed).recv(1)
  assert "refused the connection" in tunnels.far.log.read_text()


def test_a_stalled_reader_stops_its_writer_and_nobody_else(tunnels):
  client, server = opened(tunnels)
  before = tunnels.near.resident_bytes() + tunnels.far.resident_bytes()
  server.settimeout(1)
  sent = 0
  with pytest.raises(TimeoutError):
    while sent < 256 * MIB:
      sent += server.send(b"y" * MIB)
  grown = tunnels.near.resident_bytes() + tunnels.far.resident_bytes() - before
  assert grown < 48 * MIB, f"{grown >> 20} MiB are kept for a reader that reads nothing of {sent >> 20} MiB"
  other_client, other_server = opened(tunnels)
  begin = time.monotonic()
  other_server.sendall(b"z" * MIB)
  assert read_exactly(other_client, MIB) == b"z" * MIB
  assert time.monotonic() - begin < 3
  server.settimeout(10)
  assert read_exactly(client, sent) == b"y" * sent
  server.sendall(b"end")
  assert read_exactly(client, 3) == b"end"


def test_clients_that_leave_leave_nothing_behind(tunnels):
  for _ in range(100):
    client, server = opened(tunnels)
    client.close()
    assert ending(server) == "end"
    server.close()
  wait_until(lambda: len(os.listdir(f"/proc/{tunnels.far.pid}/fd")) < 60, 5, "connections are kept whose clients are gone")


def test_a_tcp_service_is_not_reached_by_requests(tunnels):
  with Http1Client(tunnels.http) as client:
    answer = client.request("GET", "/", [("host", "raw")])
  assert answer.status == 403
  assert b"CONNECT" in answer.body
