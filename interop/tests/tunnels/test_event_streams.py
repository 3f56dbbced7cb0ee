"""Server-sent events and long polls: each piece is there when the origin has sent it, and silence costs nobody an answer."""

from __future__ import annotations

import time

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.origins.tcp import TcpOrigin, ending

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def events(module_pair):
  """A pair before an origin of which the test writes every byte. Its limit for the head of an answer is short."""
  with TcpOrigin() as origin:
    yield module_pair({"origin": f"http://127.0.0.1:{origin.port}"}, probe=lambda _: True, response_head="5s"), origin


def subscribe(pair, http2: bool):
  """A client that has asked for events, and a function that returns when these bytes have come."""
  client = Http2Client(pair.port) if http2 else Http1Client(pair.port)
  if not http2:
    client.send_request("GET", "/events", [("Accept", "text/event-stream")])
    return client, None
  return client, client.open("GET", "/events", [("accept", "text/event-stream")], end=True)


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_each_event_is_there_at_once(events, http2):
  pair, origin = events
  client, stream = subscribe(pair, http2)
  server = origin.accept()
  server.recv(65536)
  server.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
  head = client.wait_head(stream) if http2 else client.read_head()
  assert head.first("content-type") == "text/event-stream"
  seen = b""
  for index in range(5):
    event = b"data: %d\n\n" % index
    begin = time.monotonic()
    server.sendall(b"%x\r\n%b\r\n" % (len(event), event))
    while event not in seen:
      if http2:
        client.receive()
        seen = client.streams[stream].answer.body
      else:
        seen += client.read(4096)
    assert time.monotonic() - begin < 0.5
    time.sleep(0.2)
  if http2:
    client.cancel(stream)
  else:
    client.reset()
  assert ending(server) in ("reset", "end")


def test_a_stream_may_be_silent_for_longer_than_a_head_may_take(events):
  pair, origin = events
  client, _ = subscribe(pair, http2=False)
  server = origin.accept()
  server.recv(65536)
  server.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n")
  assert client.read_head().status == 200
  assert b": hello" in client.read(4096)
  time.sleep(7)
  server.sendall(b"data: late\n\n")
  assert b"data: late" in client.read(4096)


def test_a_long_poll_is_answered_when_the_origin_does(events):
  pair, origin = events
  client, _ = subscribe(pair, http2=False)
  server = origin.accept()
  server.recv(65536)
  time.sleep(3)
  begin = time.monotonic()
  server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews")
  assert client.read_answer().body == b"news"
  assert time.monotonic() - begin < 0.5
