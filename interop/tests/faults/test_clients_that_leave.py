"""A client that goes away in the middle: its origin hears of it, and nobody else does."""

from __future__ import annotations

import time

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib.waiting import wait_until

SOON = 0.5


def heard(origin, target: str, since: float) -> None:
  wait_until(lambda: target in origin.gone_at, 5, f"the origin still serves {target}", every=0.005)
  assert origin.gone_at[target] - since < SOON


def others_are_served(pair) -> None:
  with Http1Client(pair.port) as client:
    assert client.request("GET", "/").body == b"hello\n"


def test_while_it_waits_for_an_answer(pair, origin):
  """By a reset: a FIN alone may be a client that has said all and listens, so it ends nothing."""
  target = f"/hang?{pair.port}"
  client = Http1Client(pair.port)
  client.send_request("GET", target)
  wait_until(lambda: ("GET", target) in origin.requests, 5, "the request did not arrive")
  since = time.monotonic()
  client.reset()
  heard(origin, target, since)
  others_are_served(pair)


@pytest.mark.parametrize("how", ["cancel", "close", "reset"])
def test_an_http2_stream_while_it_waits(pair, origin, how):
  target = f"/hang?h2-{how}-{pair.port}"
  client = Http2Client(pair.port)
  stream = client.open("GET", target, end=True)
  wait_until(lambda: ("GET", target) in origin.requests, 5, "the request did not arrive")
  since = time.monotonic()
  if how == "cancel":
    client.cancel(stream)
  else:
    getattr(client, how)()
  heard(origin, target, since)
  if how == "cancel":
    assert client.request("GET", "/").body == b"hello\n"
  others_are_served(pair)


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
def test_in_the_middle_of_a_download(pair, origin, kind):
  target = f"/bytes/500000000?{kind.wire}-{pair.port}"
  client = kind(pair.port)
  if kind is Http1Client:
    client.send_request("GET", target)
    assert client.read_head().status == 200
    client.read(100_000)
  else:
    client.wait_head(client.open("GET", target, end=True))
  since = time.monotonic()
  client.reset()
  heard(origin, target, since)
  others_are_served(pair)


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
def test_in_the_middle_of_an_upload(pair, origin, kind):
  target = f"/seen?upload-{kind.wire}-{pair.port}"
  client = kind(pair.port)
  if kind is Http1Client:
    client.send(f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 1000)
  else:
    client.send(client.open("POST", target), b"x" * 1000)
  wait_until(lambda: ("POST", target) in origin.requests, 5, "the request did not arrive")
  since = time.monotonic()
  client.reset()
  heard(origin, target, since)
  others_are_served(pair)


@pytest.mark.quicgw
def test_a_half_close_is_not_leaving(pair):
  with Http1Client(pair.port) as client:
    client.send_request("GET", "/wait/0.5")
    client.end()
    assert client.read_answer().body == b"waited\n"


def test_hundreds_that_come_and_go(pair):
  for index in range(300):
    client = Http1Client(pair.port)
    client.send_request("GET", "/bytes/100000")
    if index % 2:
      client.read(100)
    client.reset()
  others_are_served(pair)
