"""What only HTTP/1.1 has: pipelining, half-closed sockets, HTTP/1.0, `Connection: close`, absolute targets."""

from __future__ import annotations

import json

import pytest

from interop.clients.http1 import Http1Client


@pytest.fixture
def client(pair):
  with Http1Client(pair.port) as client:
    yield client


@pytest.mark.quicgw
def test_pipelined_requests_are_answered_in_order(client):
  targets = [f"/bytes/{index}" for index in range(40)]
  client.send("".join(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n" for target in targets).encode())
  assert [len(client.read_answer().body) for _ in targets] == list(range(40))


@pytest.mark.quicgw
def test_pipelined_bodies(client):
  client.send(b"POST /seen HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
              b"POST /seen HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
              b"GET /seen?last HTTP/1.1\r\nHost: a\r\n\r\n")
  assert [json.loads(client.read_answer().body)["size"] for _ in range(3)] == [3, 2, 0]


@pytest.mark.quicgw
def test_a_half_closed_client_gets_its_answer(client):
  client.send_request("GET", "/wait/0.3")
  client.end()
  assert client.read_answer().body == b"waited\n"
  assert client.is_closed()


def test_connection_close(client):
  answer = client.request("GET", "/bytes/10", [("Connection", "close")])
  assert len(answer.body) == 10
  assert (answer.first("connection") or "").lower() == "close"
  assert client.is_closed()


@pytest.mark.quicgw
def test_http_1_0(client):
  client.send(b"GET /bytes/1000?chunked=1 HTTP/1.0\r\nHost: a\r\n\r\n")
  answer = client.read_answer()
  assert answer.first("transfer-encoding") is None
  assert len(answer.body) == 1000
  assert client.is_closed()


@pytest.mark.quicgw
def test_http_1_0_without_a_host(client):
  client.send(b"GET /bytes/10 HTTP/1.0\r\n\r\n")
  assert len(client.read_answer().body) == 10


def test_an_absolute_target(client):
  client.send(b"GET http://other.example/seen?x=1 HTTP/1.1\r\nHost: ignored.example\r\n\r\n")
  seen = json.loads(client.read_answer().body)
  assert (seen["target"], seen["authority"]) == ("/seen?x=1", "other.example")


@pytest.mark.quicgw
def test_options_of_the_whole_server(client):
  client.send(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
  assert client.read_answer().status in (200, 404)
  assert client.request("GET", "/").body == b"hello\n"


def test_empty_lines_before_a_request(client):
  client.send(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
  assert client.read_answer().body == b"hello\n"


def test_a_head_in_single_bytes(client):
  for byte in b"GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n":
    client.send(bytes([byte]))
  assert len(client.read_answer().body) == 3


def test_a_chunked_body_in_single_bytes(client):
  client.send(b"POST /seen HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
  for byte in b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n":
    client.send(bytes([byte]))
  assert json.loads(client.read_answer().body)["size"] == 5
