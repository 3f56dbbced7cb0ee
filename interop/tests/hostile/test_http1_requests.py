"""Ambiguous and malformed HTTP/1.1 is answered 400 and the connection closed; the origin never sees it."""

from __future__ import annotations

import random
import time

import pytest

from interop.clients.answer import Broken
from interop.clients.http1 import Http1Client

from .conftest import MARKER

HEAD = f"POST {MARKER} HTTP/1.1\r\nHost: a\r\n".encode()
BODY = b"\r\n0\r\n\r\n"
MALFORMED = {
  "length and chunked": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + BODY,
  "chunked and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" + BODY,
  "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
  "a list of two lengths": HEAD + b"Content-Length: 5, 6\r\n\r\n123456",
  "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
  "a length with a sign": HEAD + b"Content-Length: +5\r\n\r\n12345",
  "a length in hex": HEAD + b"Content-Length: 0x5\r\n\r\n12345",
  "a length beyond 64 bits": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
  "an empty length": HEAD + b"Content-Length: \r\n\r\n",
  "a length of two numbers": HEAD + b"Content-Length: 5 5\r\n\r\n12345",
  "another transfer coding": HEAD + b"Transfer-Encoding: gzip\r\n" + BODY,
  "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n" + BODY,
  "chunked not last": HEAD + b"Transfer-Encoding: chunked, gzip\r\n" + BODY,
  "chunked misspelt": HEAD + b"Transfer-Encoding: xchunked\r\n" + BODY,
  "chunked after a control": HEAD + b"Transfer-Encoding: \x0bchunked\r\n" + BODY,
  "two transfer encodings": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" + BODY,
  "chunked on HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n" + BODY,
  "a blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n" + BODY,
  "a folded field": HEAD + b"X-A: 1\r\n folded\r\n\r\n",
  "a fold at the first field": f"GET {MARKER} HTTP/1.1\r\n Host: a\r\n\r\n".encode(),
  "NUL in a value": HEAD + b"X-A: a\x00b\r\n\r\n",
  "CR in a value": HEAD + b"X-A: a\rb\r\n\r\n",
  "a control in a value": HEAD + b"X-A: a\x01b\r\n\r\n",
  "DEL in a value": HEAD + b"X-A: a\x7fb\r\n\r\n",
  "a name with a blank": HEAD + b"X A: 1\r\n\r\n",
  "a name with brackets": HEAD + b"X(A): 1\r\n\r\n",
  "an empty name": HEAD + b": 1\r\n\r\n",
  "a line without a colon": HEAD + b"nonsense\r\n\r\n",
  "no host": f"GET {MARKER} HTTP/1.1\r\n\r\n".encode(),
  "two hosts": f"GET {MARKER} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".encode(),
  "a host with a blank": f"GET {MARKER} HTTP/1.1\r\nHost: a b\r\n\r\n".encode(),
  "a host with a slash": f"GET {MARKER} HTTP/1.1\r\nHost: a/b\r\n\r\n".encode(),
  "a host with userinfo": f"GET {MARKER} HTTP/1.1\r\nHost: u@a\r\n\r\n".encode(),
  "a method with brackets": f"G(T {MARKER} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
  "two blanks in the line": f"GET  {MARKER} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
  "a tab in the line": f"GET\t{MARKER}\tHTTP/1.1\r\nHost: a\r\n\r\n".encode(),
  "a blank in the target": f"GET {MARKER} x HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
  "a control in the target": f"GET {MARKER}\x01 HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
  "a target without a slash": f"GET x{MARKER} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
  "HTTP/2 in the line": f"GET {MARKER} HTTP/2.0\r\nHost: a\r\n\r\n".encode(),
  "HTTP/1.9": f"GET {MARKER} HTTP/1.9x\r\nHost: a\r\n\r\n".encode(),
  "another protocol": f"GET {MARKER} RTSP/1.0\r\nHost: a\r\n\r\n".encode(),
  "HTTP/0.9": f"GET {MARKER}\r\n\r\n".encode(),
  "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2,
  "NULs": b"\x00" * 1000 + b"\r\n\r\n",
}
# Envoy as stand-in is lenient where a gateway may be (RFC 9112 lets some of these pass); quicgw is not.
ONLY_QUICGW = {
  "a length of two numbers", "another transfer coding", "chunked twice", "chunked not last", "chunked on HTTP/1.0", "a fold at the first field",
  "a folded field", "a host with a slash", "a host with userinfo", "a host with a blank", "two blanks in the line", "HTTP/1.9",
  "two transfer encodings", "chunked misspelt", "a control in a value", "DEL in a value", "a target without a slash", "two hosts", "no host",
  "a control in the target", "CR in a value", "a tab in the line", "a size that is too small", "an endless extension", "two lengths", "a blank before the colon", "a method with brackets", "a list of two lengths",
}
BROKEN_CHUNKS = {
  "a size that is no number": b"xyz\r\nabc\r\n0\r\n\r\n",
  "a negative size": b"-1\r\nabc\r\n0\r\n\r\n",
  "a size beyond 64 bits": b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
  "a size that is too small": b"2\r\nabc\r\n0\r\n\r\n",
  "an empty size": b"\r\nabc\r\n0\r\n\r\n",
  "a size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
  "a blank before the size": b" 3\r\nabc\r\n0\r\n\r\n",
  "no CRLF after the data": b"3\r\nabcXX0\r\n\r\n",
  "a control in a trailer": b"3\r\nabc\r\n0\r\nX-T: \x01\r\n\r\n",
  "an endless extension": b"3;" + b"x" * 200_000 + b"\r\nabc\r\n0\r\n\r\n",
  "endless trailers": b"3\r\nabc\r\n0\r\n" + b"X-T: abcdefgh\r\n" * 20_000 + b"\r\n",
}


def marks(name: str) -> list:
  return [pytest.mark.quicgw] if name in ONLY_QUICGW else []


@pytest.mark.parametrize("data", [pytest.param(data, id=name, marks=marks(name)) for name, data in MALFORMED.items()])
def test_refused_with_400(pair, data):
  with Http1Client(pair.port, limit=5) as client:
    client.send(data)
    try:
      assert client.read_head().status in (400, 426, 501, 505)
    except Broken:
      return
    while client.read(65536):
      pass


@pytest.mark.parametrize("chunks", [pytest.param(data, id=name, marks=marks(name)) for name, data in BROKEN_CHUNKS.items()])
def test_a_broken_chunked_body_is_never_taken_for_whole(pair, chunks):
  with Http1Client(pair.port, limit=5) as client:
    client.send(b"POST /seen HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
      client.send(chunks)
      assert client.read_head().status >= 400
      while client.read(65536):
        pass
    except Broken:
      return


def test_what_follows_a_refused_request_is_not_read_as_a_request(pair):
  smuggled = f"GET {MARKER} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
  with Http1Client(pair.port, limit=5) as client:
    client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled)
    try:
      assert client.read_head().status == 400
      while client.read(65536):
        pass
    except Broken:
      return


def test_a_request_line_without_end(pair):
  with Http1Client(pair.port, limit=5) as client:
    try:
      client.send(f"GET {MARKER}".encode() + b"x" * 300_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
      assert client.read_head().status in (400, 414, 431)
    except Broken:
      return


def test_random_bytes(pair):
  seed = random.randrange(1 << 32)
  print(f"seed {seed}")
  source = random.Random(seed)
  for _ in range(100):
    with Http1Client(pair.port, limit=12) as client:
      try:
        client.send(source.randbytes(source.randrange(1, 600)) + b"\r\n\r\n\r\n\r\n")
        client.end()
        while client.read(65536):
          pass
      except (Broken, OSError):
        continue


@pytest.mark.quicgw
def test_clients_that_never_finish_their_head_are_let_go(pair):
  begin = time.monotonic()
  unfinished = [b"", b"P", b"PRI * HTTP/2.0\r\n", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: "]
  clients = [Http1Client(pair.port, limit=20) for _ in unfinished]
  for client, data in zip(clients, unfinished):
    if data:
      client.send(data)
  for client in clients:
    while client.read(65536):
      pass
    client.close()
  assert time.monotonic() - begin < 15


def test_upgrade_to_h2c_is_ignored(pair):
  with Http1Client(pair.port) as client:
    fields = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")]
    answer = client.request("GET", "/", fields)
    assert (answer.status, answer.body) == (200, b"hello\n")
