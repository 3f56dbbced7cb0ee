"""A piece that has arrived is passed on at once, in both directions at the same time; nothing is collected."""

from __future__ import annotations

import json
import time

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client


def test_pieces_come_one_by_one_http1(pair):
  with Http1Client(pair.port) as client:
    client.send_request("GET", "/slow/5")
    head = client.read_head()
    arrivals = []
    got = b""
    while b"tick 4" not in got:
      got += client.read(65536)
      arrivals.append(time.monotonic())
    assert head.status == 200
    assert arrivals[-1] - arrivals[0] > 0.25, "the ticks came together"


def test_echo_while_sending_http2(pair):
  with Http2Client(pair.port) as client:
    stream = client.open("POST", "/echo")
    for index in range(20):
      client.send(stream, b"piece %02d" % index)
      while len(client.streams[stream].answer.body) < 8 * (index + 1):
        client.receive()
    client.end(stream)
    answer = client.read_answer(stream)
  assert answer.body == b"".join(b"piece %02d" % index for index in range(20))


def test_echo_while_sending_http1(pair):
  with Http1Client(pair.port) as client:
    client.send(f"POST /echo HTTP/1.1\r\nHost: {client.authority}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    client.send_chunk(b"first")
    assert client.read_head().status == 200
    got = b""
    for index in range(10):
      client.send_chunk(b"[%d]" % index)
      while b"[%d]" % index not in got:
        piece = client.read(4096)
        assert piece, "closed in the middle"
        got += piece
    client.send(b"0\r\n\r\n")
    while not got.endswith(b"0\r\n\r\n"):
      got += client.read(4096)


def test_large_both_ways_at_once(pair):
  piece = bytes(range(256)) * 64
  with Http2Client(pair.port) as client:
    stream = client.open("POST", "/echo")
    for _ in range(200):
      client.send(stream, piece)
      client.socket.setblocking(False)
      try:
        client.receive()
      except BlockingIOError:
        pass
      client.socket.settimeout(10)
    client.end(stream)
    assert client.read_answer(stream).body == piece * 200


def test_continue_is_asked_of_the_origin(client, origin):
  if client.wire == "http1":
    client.send(f"POST /continue HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n".encode())
    assert client.read_head().status == 100
    client.send(b"12345")
    answer = client.read_answer()
  else:
    stream = client.open("POST", "/continue", [("expect", "100-continue"), ("content-length", "5")])
    while not client.streams[stream].answer.interim:
      client.receive()
    assert client.streams[stream].answer.interim[0].status == 100
    client.send(stream, b"12345")
    client.end(stream)
    answer = client.read_answer(stream)
  assert (answer.status, json.loads(answer.body)["size"]) == (200, 5)


def test_continue_is_refused_by_the_origin(client):
  if client.wire == "http1":
    client.send(f"POST /refuse HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n".encode())
    answer = client.read_answer()
  else:
    stream = client.open("POST", "/refuse", [("expect", "100-continue"), ("content-length", "5000000")])
    answer = client.wait_head(stream)
  assert answer.status == 417


def test_an_answer_before_the_end_of_the_request(pair):
  with Http2Client(pair.port) as client:
    stream = client.open("POST", "/refuse")
    client.send(stream, b"x" * 1000)
    assert client.wait_head(stream).status == 417
    assert client.request("GET", "/").body == b"hello\n"


@pytest.mark.parametrize("count", [2, 100])
def test_streams_of_one_connection_do_not_wait_for_each_other(pair, count):
  with Http2Client(pair.port) as client:
    slow = client.open("GET", "/wait/1.5", end=True)
    start = time.monotonic()
    streams = [client.open("GET", f"/bytes/{index * 100}", end=True) for index in range(count)]
    for index, stream in enumerate(streams):
      assert len(client.read_answer(stream).body) == index * 100
    assert time.monotonic() - start < 1.4
    assert client.read_answer(slow).body == b"waited\n"
