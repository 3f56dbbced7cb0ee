"""Tunnels that a foreign HTTP/3 client asks the core for, with a good certificate and good or bad intentions."""

from __future__ import annotations

import os

import pytest

from interop.clients import http3_frames as h3
from interop.clients.http3 import Http3Client
from interop.lib.waiting import wait_until
from interop.origins.tcp import TcpOrigin, ending, read_exactly, reset

pytestmark = pytest.mark.quicgw
CONNECT = [(":method", "CONNECT"), (":authority", "raw:1"), ("via", "TCP edge")]
EXTENDED = [(":method", "CONNECT"), (":protocol", "chat"), (":scheme", "https"), (":authority", "web"), (":path", "/")]
ENABLE_CONNECT_PROTOCOL = 0x08


@pytest.fixture(scope="module")
def web():
  with TcpOrigin() as web:
    yield web


@pytest.fixture(scope="module")
def pair(module_pair, raw, web):
  return module_pair({"raw": raw.url, "web": f"http://127.0.0.1:{web.port}"}, probe=lambda _: True)


@pytest.fixture
def client(pair):
  with Http3Client.as_edge(pair) as client:
    yield client


@pytest.fixture(autouse=True)
def the_core_serves_others(pair, raw):
  yield
  with Http3Client.as_edge(pair) as client:
    stream = client.open(h3.headers(CONNECT))
    server = raw.accept()
    server.sendall(b"served")
    wait_until(lambda: content(client, stream) == b"served", 5, "the core serves nobody any more")
    server.close()


def content(client: Http3Client, stream: int) -> bytes:
  return b"".join(payload for kind, payload in h3.frames(bytes(client.stream(stream).data)) if kind == h3.DATA)


def test_a_tunnel_both_ways_with_ends(client, raw):
  stream = client.open(h3.headers(CONNECT) + h3.frame(h3.DATA, b"ahead"))
  server = raw.accept()
  assert read_exactly(server, 5) == b"ahead"
  client.send(stream, h3.frame(h3.DATA, b"of time"), end=True)
  assert read_exactly(server, 7) == b"of time"
  assert server.recv(1) == b""
  server.sendall(b"x" * 100_000)
  server.close()
  answer = client.read_answer(stream)
  assert (answer.status, answer.body) == (200, b"x" * 100_000)


def test_a_reset_of_the_origin_is_a_connect_error(client, raw):
  stream = client.open(h3.headers(CONNECT))
  server = raw.accept()
  server.sendall(b"1")
  wait_until(lambda: content(client, stream) == b"1", 5, "nothing came")
  reset(server)
  wait_until(lambda: client.stream(stream).reset is not None, 5, "the stream was not reset")
  assert client.stream(stream).reset == 0x10F


def test_a_reset_of_the_stream_resets_the_origin(client, raw):
  stream = client.open(h3.headers(CONNECT))
  server = raw.accept()
  wait_until(lambda: client.stream(stream).data, 5, "no answer")
  client.reset(stream)
  assert ending(server) == "reset"


def test_extended_connect_is_announced_and_taken(client, web):
  settings = next(payload for number in (3, 7, 11) for kind, payload in h3.frames(bytes(client_stream(client, number))) if kind == h3.SETTINGS)
  announced, at = {}, 0
  while at < len(settings):
    name, at = h3.read_varint(settings, at)
    announced[name], at = h3.read_varint(settings, at)
  assert announced.get(ENABLE_CONNECT_PROTOCOL) == 1
  stream = client.open(h3.headers(EXTENDED))
  server = web.accept()
  head = b""
  while not head.endswith(b"\r\n\r\n"):
    head += read_exactly(server, 1)
  assert head.startswith(b"GET / HTTP/1.1\r\n") and b"upgrade: chat\r\n" in head
  server.sendall(b"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nhello")
  wait_until(lambda: content(client, stream) == b"hello", 5, "nothing came")
  client.send(stream, h3.frame(h3.DATA, b"bye"), end=True)
  assert read_exactly(server, 3) == b"bye"
  server.close()
  assert client.read_answer(stream).status == 200


def client_stream(client: Http3Client, number: int) -> bytes:
  """What came on a stream of the core's, behind its type."""
  wait_until(lambda: client.stream(3).data, 5, "no control stream")
  data = bytes(client.stream(number).data)
  return data[1:] if data[:1] == b"\0" else b""


MALFORMED = {
  "a path": [*CONNECT, (":path", "/")],
  "a scheme": [*CONNECT, (":scheme", "https")],
  "no authority": CONNECT[:1],
  "a length": [*CONNECT, ("content-length", "5")],
  "two protocols": [*EXTENDED[:2], *EXTENDED[1:]],
  "a protocol without a path": EXTENDED[:-1],
  "a protocol of a get": [(":method", "GET"), *EXTENDED[1:]],
}


@pytest.mark.parametrize("head", MALFORMED.values(), ids=MALFORMED)
def test_malformed_heads_are_refused(client, head):
  stream = client.open(h3.headers(head))
  outcome = client.outcome(stream)
  assert outcome in ("reset 0x10e", "answered 400"), outcome


@pytest.mark.parametrize("name", ["h2c", "HTTP/1.1", "tls"])
def test_no_tunnel_carries_another_http_past_the_rules(client, name):
  head = [(each, name if each == ":protocol" else value) for each, value in EXTENDED]
  assert client.read_answer(client.open(h3.headers(head))).status == 400


@pytest.mark.parametrize("authority", ["web:80", "127.0.0.1:22", "[::1]:22", "localhost:22", "raw.:1", "raw%2e:1", "raw"])
def test_what_is_no_tcp_service_is_not_reached(client, authority):
  stream = client.open(h3.headers([CONNECT[0], (":authority", authority)]))
  assert client.read_answer(stream).status in (400, 403)


def test_a_thousand_tunnels_that_are_reset_leave_nothing_behind(pair, client, raw):
  open_files = len(os.listdir(f"/proc/{pair.core.pid}/fd"))
  streams = [client.open(h3.headers(CONNECT)) for _ in range(1000)]
  for stream in streams:
    client.reset(stream)
  # Some were opened before they were reset.
  wait_until(lambda: len(os.listdir(f"/proc/{pair.core.pid}/fd")) <= open_files + 2, 10, "connections of tunnels that are reset stay open")
  while True:
    try:
      raw.accept(0.2).close()
    except Exception:
      break


def test_what_nobody_reads_is_not_taken(pair, client, raw):
  stream = client.open(h3.headers(CONNECT))
  server = raw.accept()
  before = pair.core.resident_bytes()
  for _ in range(64):
    client.send(stream, h3.frame(h3.DATA, bytes(1 << 20)))
  wait_until(lambda: client.stream(stream).data, 5, "no answer")
  assert pair.core.resident_bytes() - before < 32 << 20
  client.reset(stream)
  assert ending(server) == "reset"
