"""Malformed HTTP/3 and QPACK at the core, sent by a client with a good certificate: refused, and the core goes on."""

from __future__ import annotations

import json

import pytest

from interop.clients import http3_frames as h3
from interop.clients.answer import Broken
from interop.clients.http3 import Http3Client, Refused

from .conftest import MARKER

GOOD = [(":method", "POST"), (":scheme", "https"), (":authority", "core.test"), (":path", MARKER)]
REQUEST = h3.headers(GOOD)


def without(name: str) -> list[tuple[str, str]]:
  return [each for each in GOOD if each[0] != name]


@pytest.fixture
def client(pair):
  with Http3Client.as_edge(pair) as client:
    yield client


@pytest.fixture(autouse=True)
def core_serves_others(pair):
  yield
  with Http3Client.as_edge(pair) as client:
    assert client.request("GET", "/").status == 200


ON_A_REQUEST_STREAM = {
  "data before headers": h3.frame(h3.DATA, b"x") + REQUEST,
  "settings": h3.settings() + REQUEST,
  "goaway": h3.frame(h3.GOAWAY, h3.varint(0)),
  "max push id": h3.frame(h3.MAX_PUSH_ID, h3.varint(1)),
  "cancel push": h3.frame(h3.CANCEL_PUSH, h3.varint(1)),
  "push promise": h3.frame(h3.PUSH_PROMISE, h3.varint(0) + h3.section(GOOD)),
  "a frame of HTTP/2 only": h3.frame(0x2, b"12345") + REQUEST,
  "a ping of HTTP/2": h3.frame(0x6, b"12345678") + REQUEST,
  "a frame cut by the end": h3.frame(h3.HEADERS, h3.section(GOOD), length=5000),
  "a length beyond all memory": h3.varint(h3.DATA) + h3.varint((1 << 62) - 1),
  "headers of 2^61 bytes": h3.varint(h3.HEADERS) + h3.varint(1 << 61) + b"\0\0",
  "an empty head": h3.frame(h3.HEADERS, b""),
  "a static index that is not there": h3.frame(h3.HEADERS, h3.section(GOOD) + b"\xff\x80\x01"),
  "a dynamic index": h3.frame(h3.HEADERS, b"\x00\x00\x80"),
  "a required insert count beyond any table": h3.frame(h3.HEADERS, b"\xff\xff\xff\x7f\x00\x80"),
  "a base below zero": h3.frame(h3.HEADERS, b"\x00\xff\xff\xff\x7f"),
  "a string that is cut": h3.frame(h3.HEADERS, h3.section(GOOD) + b"\x23abc\x0512"),
  "an integer without end": h3.frame(h3.HEADERS, h3.section(GOOD) + b"\x27" + b"\xff" * 30),
  "bad Huffman code": h3.frame(h3.HEADERS, h3.section(GOOD) + b"\x23abc\x84\xff\xff\xff\xff"),
}
ON_A_CONTROL_STREAM = {
  "no settings first": h3.frame(h3.GOAWAY, h3.varint(0)),
  "settings twice": h3.settings() + h3.settings(),
  "a setting of HTTP/2": h3.settings([(2, 1)]),
  "settings that are cut": h3.frame(h3.SETTINGS, b"\x06"),
  "data": h3.settings() + h3.frame(h3.DATA, b"x"),
  "headers": h3.settings() + REQUEST,
  "a frame of HTTP/2 only": h3.settings() + h3.frame(0x8, b"1234"),
}
ONE_WAY_STREAMS = {
  "a second control stream": h3.varint(h3.CONTROL) + h3.settings(),
  "a push from a client": h3.varint(h3.PUSH) + h3.varint(0),
  "an encoder that sets too large a table": h3.varint(h3.QPACK_ENCODER) + b"\x3f\xff\xff\xff\x7f",
  "an encoder that inserts where nothing fits": h3.varint(h3.QPACK_ENCODER) + b"\x43abc\x03def" * 5000,
  "an encoder that copies what is not there": h3.varint(h3.QPACK_ENCODER) + b"\x3f\x01" + b"\x05",
  "a decoder that acknowledges nothing": h3.varint(h3.QPACK_DECODER) + b"\x80",
  "a decoder that counts inserts we never made": h3.varint(h3.QPACK_DECODER) + b"\x3f\x20",
}
MALFORMED = {
  "no method": without(":method"),
  "no path": without(":path"),
  "no scheme": without(":scheme"),
  "no authority": without(":authority"),
  "an empty path": [*without(":path"), (":path", "")],
  "an empty authority": [*without(":authority"), (":authority", "")],
  "two methods": [(":method", "GET"), *GOOD],
  "two paths": [*GOOD, (":path", MARKER)],
  "a pseudo-field after a field": [*without(":path"), ("x-a", "1"), (":path", MARKER)],
  "an unknown pseudo-field": [(":who", "me"), *GOOD],
  "a status in a request": [*GOOD, (":status", "200")],
  "an upper-case name": [*GOOD, ("X-Upper", "1")],
  "connection": [*GOOD, ("connection", "close")],
  "keep-alive": [*GOOD, ("keep-alive", "1")],
  "proxy-connection": [*GOOD, ("proxy-connection", "x")],
  "transfer-encoding": [*GOOD, ("transfer-encoding", "chunked")],
  "upgrade": [*GOOD, ("upgrade", "h2c")],
  "te gzip": [*GOOD, ("te", "gzip")],
  "CR LF in the path": [*without(":path"), (":path", f"{MARKER} HTTP/1.1\r\nHost: b\r\n\r\nGET /")],
  "a blank in the path": [*without(":path"), (":path", f"{MARKER} x")],
  "a path without a slash": [*without(":path"), (":path", f"x{MARKER}")],
  "CR LF in the method": [*without(":method"), (":method", f"GET {MARKER} HTTP/1.1\r\n")],
  "CR LF in the authority": [*without(":authority"), (":authority", "a\r\nx: y")],
  "a blank in the authority": [*without(":authority"), (":authority", "a b")],
  "userinfo in the authority": [*without(":authority"), (":authority", "u@a")],
  "an authority that is not the host": [*GOOD, ("host", "b")],
  "two lengths": [*GOOD, ("content-length", "0"), ("content-length", "1")],
  "a length that is no number": [*GOOD, ("content-length", "x")],
  "a length without a body": [*GOOD, ("content-length", "5")],
}
# nghttp3 drops these fields, and others end the stream: either way an origin must not see them.
NEVER_PASSED_ON = {
  "CR LF in a value": ("x-a", "1\r\nx-b: 2"),
  "LF in a value": ("x-a", "1\nx-b: 2"),
  "NUL in a value": ("x-a", "1\x002"),
  "a blank in a name": ("x a", "1"),
  "a colon in a name": ("x:a", "1"),
  "CR LF in a name": ("x\r\nb", "1"),
  "an empty name": ("", "1"),
}
# Permitted for a gateway, or known as lenient in the stand-in.
ONLY_QUICGW = {
  "userinfo in the authority", "a blank in the authority", "a blank in the path", "an authority that is not the host", "a path without a slash",
  "an empty authority", "no authority", "a length beyond all memory", "an encoder that inserts where nothing fits",
  "headers of 2^61 bytes", "settings that are cut", "a base below zero", "CR LF in the authority", "te gzip",
}


def params(table: dict) -> list:
  return [pytest.param(value, id=name, marks=[pytest.mark.quicgw] if name in ONLY_QUICGW else []) for name, value in table.items()]


@pytest.mark.parametrize("data", params(ON_A_REQUEST_STREAM))
def test_wrong_frames_on_a_request_stream(client, data):
  stream = client.open(data, end=True)
  outcome = client.outcome(stream)
  assert outcome.startswith(("closed", "reset", "answered 400", "answered 431")), outcome


@pytest.mark.parametrize("data", params(ON_A_CONTROL_STREAM))
def test_wrong_frames_on_the_control_stream(pair, data):
  with Http3Client.as_edge(pair, settings=data) as client:
    assert client.wait_closed() != 0x100


@pytest.mark.parametrize("data", params(ONE_WAY_STREAMS))
def test_wrong_one_way_streams(client, data):
  client.open(data, one_way=True)
  assert client.wait_closed() != 0x100


@pytest.mark.quicgw
def test_the_control_stream_may_not_end(pair):
  with Http3Client.as_edge(pair, settings=None) as client:
    client.open(h3.varint(h3.CONTROL) + h3.settings(), one_way=True, end=True)
    assert client.wait_closed() == 0x104  # H3_CLOSED_CRITICAL_STREAM


@pytest.mark.parametrize("fields", params(MALFORMED))
def test_malformed_requests(client, fields):
  outcome = client.outcome(client.open(h3.headers(fields), end=True))
  assert outcome.startswith(("reset", "closed", "answered 400")), outcome


@pytest.mark.parametrize("place", ["head", "trailers"])
@pytest.mark.parametrize("bad", params(NEVER_PASSED_ON))
def test_fields_that_are_never_passed_on(client, bad, place):
  fields = [*without(":path"), (":path", "/seen"), ("x-before", "1")]
  if place == "head":
    message = h3.headers([*fields, bad])
  else:
    message = h3.headers(fields) + h3.frame(h3.DATA, b"x") + h3.headers([("x-before", "1"), bad])
  try:
    answer = client.read_answer(client.open(message, end=True))
  except (Broken, Refused):
    return
  if answer.status == 200:
    seen = json.loads(answer.body)
    names = [name.lower() for name, _ in seen["fields"] + seen["trailers"]]
    assert "x-before" in names and not {"x-a", "x-b", "x a", "x:a", "x", "b", ""} & set(names)


@pytest.mark.parametrize("body", [b"12345", b"1"], ids=["longer", "shorter"])
def test_a_body_that_is_not_as_long_as_it_says(client, body):
  fields = [*without(":path"), (":path", "/seen"), ("content-length", "3")]
  outcome = client.outcome(client.open(h3.headers(fields) + h3.frame(h3.DATA, body), end=True))
  assert not outcome.startswith("answered 2"), outcome


@pytest.mark.parametrize("trailers", [
  pytest.param([(":path", "/x")], id="a pseudo-field"), pytest.param([("X-A", "1")], id="an upper-case name")])
def test_malformed_trailers(client, trailers):
  fields = [*without(":path"), (":path", "/seen")]
  outcome = client.outcome(client.open(h3.headers(fields) + h3.frame(h3.DATA, b"x") + h3.headers(trailers), end=True))
  assert not outcome.startswith("answered 2"), outcome


@pytest.mark.quicgw
def test_too_many_fields(client):
  fields = [*without(":path"), (":path", "/seen"), *((f"x-{index}", "v" * 8000) for index in range(10))]
  outcome = client.outcome(client.open(h3.headers(fields), end=True))
  assert outcome.startswith(("answered 431", "reset", "closed")), outcome


def test_unknown_frames_and_streams_are_ignored(client):
  client.open(h3.varint(0x21 + 31 * 77) + b"grease", one_way=True)
  grease = h3.frame(0x21 + 31 * 5, b"whatever")
  fields = [*without(":path"), (":path", "/seen")]
  stream = client.open(grease + h3.headers(fields) + grease + h3.frame(h3.DATA, b"abc") + grease, end=True)
  assert client.read_answer(stream).status == 200


def test_rapid_resets(pair, client):
  before = pair.core.resident_bytes()
  for _ in range(2000):
    try:
      client.reset(client.open(h3.headers([*without(":path"), (":path", "/hang")])))
    except Exception:  # noqa: BLE001, the core may close the connection in the middle
      break
  assert pair.core.resident_bytes() - before < 64 << 20
