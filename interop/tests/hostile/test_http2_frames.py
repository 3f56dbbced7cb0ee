"""Malformed HTTP/2 at the edge's listener: the stream or the connection ends with an error, and nothing of it is passed on."""

from __future__ import annotations

import pytest

from interop.clients.answer import Broken
from interop.clients.http1 import Http1Client
from interop.clients.http2_frames import (
  ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS,
  WINDOW_UPDATE, RawHttp2, block, frame, literal)

from .conftest import MARKER

GOOD = [(":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", MARKER)]


def request(fields: list[tuple[str, str]], stream: int = 1, flags: int = END_HEADERS | END_STREAM) -> bytes:
  return frame(HEADERS, flags, stream, block(fields))


def without(name: str) -> list[tuple[str, str]]:
  return [each for each in GOOD if each[0] != name]


CONNECTION_ERRORS = {
  "a frame that is too large": frame(DATA, 0, 1, b"x" * 20_000),
  "headers on stream 0": frame(HEADERS, END_HEADERS | END_STREAM, 0, block(GOOD)),
  "an even stream": request(GOOD, stream=2),
  "data on an idle stream": frame(DATA, END_STREAM, 1, b"x"),
  "a reset of an idle stream": frame(RST_STREAM, 0, 1, b"\0\0\0\0"),
  "a window update of an idle stream": frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"),
  "an HPACK index that is not there": frame(HEADERS, END_HEADERS | END_STREAM, 1, block(GOOD) + b"\xfe"),
  "HPACK index 0": frame(HEADERS, END_HEADERS | END_STREAM, 1, block(GOOD) + b"\x80"),
  "an HPACK integer without end": frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff" + b"\xff" * 20),
  "a string that is cut": frame(HEADERS, END_HEADERS | END_STREAM, 1, block(GOOD) + b"\x00\x05ab"),
  "bad Huffman code": frame(HEADERS, END_HEADERS | END_STREAM, 1, block(GOOD) + b"\x00\x84\xff\xff\xff\xff\x01a"),
  "a table that is too large": frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x3f\xff\xff\xff\x07" + block(GOOD)),
  "continuation of nothing": frame(CONTINUATION, END_HEADERS, 1, block(GOOD)),
  "another frame within a head": frame(HEADERS, END_STREAM, 1, block(GOOD)) + frame(PING, 0, 0, b"12345678"),
  "settings of a wrong length": frame(SETTINGS, 0, 0, b"\0\0\0\0\0"),
  "settings on a stream": frame(SETTINGS, 0, 1),
  "an acknowledgement with content": frame(SETTINGS, ACK, 0, b"\0\4\0\0\xff\xff"),
  "a window beyond 2^31": frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"),
  "a frame size of 1": frame(SETTINGS, 0, 0, b"\0\5\0\0\0\1"),
  "push switched to 2": frame(SETTINGS, 0, 0, b"\0\2\0\0\0\2"),
  "a window update of 0": frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"),
  "a window that overflows": frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
  "a ping of 4 bytes": frame(PING, 0, 0, b"1234"),
  "a ping on a stream": frame(PING, 0, 1, b"12345678"),
  "a push from a client": frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block(GOOD)),
  "a short reset": frame(RST_STREAM, 0, 1, b"\0\0"),
  "a short goaway": frame(GOAWAY, 0, 0, b"\0\0"),
  "padding longer than the frame": frame(DATA, 8, 1, b"\xff12"),
}
STREAM_ERRORS = {
  "no method": without(":method"),
  "no path": without(":path"),
  "no scheme": without(":scheme"),
  "an empty path": [*without(":path"), (":path", "")],
  "two methods": [(":method", "GET"), *GOOD],
  "two paths": [*GOOD, (":path", MARKER)],
  "a pseudo-field after a field": [("x-a", "1"), *GOOD],
  "an unknown pseudo-field": [(":who", "me"), *GOOD],
  "a status in a request": [*GOOD, (":status", "200")],
  "an upper-case name": [*GOOD, ("X-Upper", "1")],
  "connection": [*GOOD, ("connection", "close")],
  "keep-alive": [*GOOD, ("keep-alive", "1")],
  "proxy-connection": [*GOOD, ("proxy-connection", "x")],
  "transfer-encoding": [*GOOD, ("transfer-encoding", "chunked")],
  "upgrade": [*GOOD, ("upgrade", "h2c")],
  "te gzip": [*GOOD, ("te", "gzip")],
  "CR LF in a value": [*GOOD, ("x-a", "1\r\nx-b: 2")],
  "LF in a value": [*GOOD, ("x-a", "1\nx-b: 2")],
  "NUL in a value": [*GOOD, ("x-a", "1\x002")],
  "a blank in a name": [*GOOD, ("x a", "1")],
  "a colon in a name": [*GOOD, ("x:a", "1")],
  "an empty name": [*GOOD, ("", "1")],
  "CR LF in the path": [*without(":path"), (":path", f"{MARKER} HTTP/1.1\r\nHost: b\r\n\r\nGET /")],
  "a blank in the path": [*without(":path"), (":path", f"{MARKER} x")],
  "a path without a slash": [*without(":path"), (":path", f"x{MARKER}")],
  "a blank in the method": [*without(":method"), (":method", f"GET {MARKER} HTTP/1.1\r\n")],
  "a blank in the authority": [*without(":authority"), (":authority", "a b")],
  "userinfo in the authority": [*without(":authority"), (":authority", "u@a")],
  "an authority that is not the host": [*GOOD, ("host", "b")],
  "two lengths": [*GOOD, ("content-length", "0"), ("content-length", "1")],
  "a length that is no number": [*GOOD, ("content-length", "x")],
  "a length without a body": [*GOOD, ("content-length", "5")],
}
ONLY_QUICGW = {
  "userinfo in the authority", "a blank in the authority", "a blank in the path", "an authority that is not the host", "a path without a slash",
  "an empty name", "a frame size of 1",
}


def params(table: dict) -> list:
  return [pytest.param(value, id=name, marks=[pytest.mark.quicgw] if name in ONLY_QUICGW else []) for name, value in table.items()]


@pytest.mark.parametrize("data", params(CONNECTION_ERRORS))
def test_connection_errors(pair, data):
  with RawHttp2(pair.port) as client:
    client.send(data)
    assert client.verdict().split()[0] in ("goaway", "closed")


@pytest.mark.parametrize("fields", params(STREAM_ERRORS))
def test_malformed_requests(pair, fields):
  with RawHttp2(pair.port) as client:
    client.send(request(fields))
    assert not client.verdict(1).startswith(("answered 2", "answered 404", "answered 5"))


@pytest.mark.parametrize("body", [b"12345", b"1"], ids=["longer", "shorter"])
def test_a_body_that_is_not_as_long_as_it_says(pair, body):
  with RawHttp2(pair.port) as client:
    fields = [*without(":path"), (":path", "/seen"), ("content-length", "3")]
    client.send(request(fields, flags=END_HEADERS) + frame(DATA, END_STREAM, 1, body))
    assert not client.verdict(1).startswith("answered 2")


def test_a_wrong_preface(pair):
  with Http1Client(pair.port, limit=12) as client:
    client.send(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + frame(SETTINGS, 0, 0))
    while client.read(65536):
      pass


@pytest.mark.parametrize("fields", [
  pytest.param([("x-many", "v" * 100)] * 50, id="large"), pytest.param([], id="empty")])
def test_endless_continuations(pair, fields):
  before = pair.edge.resident_bytes()
  with RawHttp2(pair.port) as client:
    try:
      client.send(frame(HEADERS, END_STREAM, 1, block(GOOD)))
      for _ in range(200):
        client.send(frame(CONTINUATION, 0, 1, block(fields)) * 100)
    except Broken:
      pass
    assert client.verdict(1).startswith(("closed", "answered 431", "goaway", "reset"))
  assert pair.edge.resident_bytes() - before < 32 << 20


@pytest.mark.parametrize("flood", [
  pytest.param(frame(PING, 0, 0, b"12345678"), id="pings"),
  pytest.param(frame(SETTINGS, 0, 0), id="settings"),
  pytest.param(frame(PRIORITY, 0, 1, b"\0\0\0\3\x10"), id="priorities"),
])
def test_floods_of_a_client_that_does_not_read(pair, flood):
  before = pair.edge.resident_bytes()
  with RawHttp2(pair.port, limit=2) as client:
    try:
      for _ in range(300):
        client.send(flood * 1000)
    except (Broken, TimeoutError):
      pass
    assert pair.edge.resident_bytes() - before < 32 << 20


@pytest.mark.quicgw
def test_rapid_resets(pair):
  before = pair.edge.resident_bytes() + pair.core.resident_bytes()
  with RawHttp2(pair.port) as client:
    try:
      for stream in range(1, 20_001, 2):
        fields = [*without(":path"), (":path", "/hang")]
        client.send(request(fields, stream) + frame(RST_STREAM, 0, stream, b"\0\0\0\x08"))
    except Broken:
      pass
  assert pair.edge.resident_bytes() + pair.core.resident_bytes() - before < 64 << 20
