"""WebSocket and other upgrades: what asked by Upgrade or extended CONNECT arrives at the origin as it speaks."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Iterator

import pytest
import websockets.exceptions
import websockets.sync.client
import websockets.sync.server
from websockets.http11 import Request, Response
from websockets.datastructures import Headers

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports, programs
from interop.lib.certificates import Authority
from interop.lib.process import Process
from interop.lib.waiting import wait_until
from interop.origins.tcp import TcpOrigin, ending, read_exactly, reset

pytestmark = pytest.mark.quicgw


class Echo:
  """A WebSocket server that says back what it is told; /refused refuses."""

  def __init__(self, tls: ssl.SSLContext | None = None) -> None:
    self.closes: list[tuple[int | None, str]] = []
    self.hosts: list[str | None] = []
    self._server = websockets.sync.server.serve(self._serve, "127.0.0.1", 0, process_request=self._admit, ssl=tls, max_size=None)
    self.port = self._server.socket.getsockname()[1]
    threading.Thread(target=self._server.serve_forever, daemon=True).start()

  def _admit(self, connection, request: Request) -> Response | None:
    self.hosts.append(request.headers.get("Host"))
    if request.path.startswith("/refused"):
      return Response(401, "Unauthorized", Headers([("X-Why", "no token"), ("Content-Length", "4")]), b"no!\n")
    return None

  def _serve(self, connection) -> None:
    try:
      for message in connection:
        connection.send(message)
    except websockets.exceptions.ConnectionClosed:
      pass
    self.closes.append((connection.close_code, connection.close_reason))

  def __enter__(self) -> Echo:
    return self

  def __exit__(self, *_: object) -> None:
    self._server.shutdown()


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
  with Echo() as echo:
    yield echo


@pytest.fixture(scope="module")
def secure(tmp_path_factory) -> Iterator[tuple[Echo, Authority]]:
  authority = Authority(tmp_path_factory.mktemp("origin-ca"))
  leaf = authority.issue("origin", core=True, hosts=("127.0.0.1",))
  context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
  context.load_cert_chain(leaf.certificate, leaf.key)
  with Echo(context) as echo:
    yield echo, authority


@pytest.fixture(scope="module")
def pair(module_pair, echo):
  return module_pair(f"http://127.0.0.1:{echo.port}")


def dial(port: int, path: str = "/", **more):
  return websockets.sync.client.connect(f"ws://127.0.0.1:{port}{path}", proxy=None, open_timeout=10, close_timeout=5, max_size=None, **more)


def test_messages_of_all_sizes_and_the_close_cross(pair, echo):
  with dial(pair.port) as client:
    for message in ("hello", b"\0\1\2", "", "ü" * 1000, bytes(3 << 20)):
      client.send(message)
      assert client.recv(timeout=10) == message
    client.ping().wait(10)
    client.close(4001, "done")
  assert client.close_code == 4001
  wait_until(lambda: (4001, "done") in echo.closes, 5, "the origin does not hear of the close")
  assert echo.hosts[-1] == f"127.0.0.1:{pair.port}"


def test_the_origins_refusal_is_the_clients(pair):
  with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
    dial(pair.port, "/refused")
  assert refused.value.response.status_code == 401
  assert refused.value.response.headers["X-Why"] == "no token"
  assert refused.value.response.body == b"no!\n"


def test_a_refused_connection_serves_on(pair):
  with Http1Client(pair.port) as client:
    for _ in range(2):
      client.send(upgrade("/refused"))
      assert client.read_answer().body == b"no!\n"


def test_over_http2_it_is_an_extended_connect(pair):
  with Http2Client(pair.port, checked=False) as client:
    stream = client.open_head([
      (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "a"),
      ("sec-websocket-version", "13")])
    head = client.wait_head(stream)
    assert head.status == 200
    assert head.first("sec-websocket-accept") is None
    client.send(stream, b"\x81\x85\0\0\0\0hello")
    while client.streams[stream].answer.body != b"\x81\x05hello":
      client.receive()
    client.send(stream, b"\x88\x82\0\0\0\0\x03\xe8")
    while not client.streams[stream].ended:
      client.receive()
    assert client.streams[stream].answer.body == b"\x81\x05hello\x88\x02\x03\xe8"


def test_http2_clients_are_told_that_they_may(pair):
  with Http2Client(pair.port) as client:
    client.request("GET", "/refused")
    assert client.engine.remote_settings.enable_connect_protocol == 1


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_a_client_that_resets_is_gone_for_the_origin(pair, echo, http2):
  told = len(echo.closes)
  if http2:
    client = Http2Client(pair.port, checked=False)
    stream = client.open_head([
      (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "a"),
      ("sec-websocket-version", "13")])
    client.wait_head(stream)
    client.cancel(stream)
  else:
    client = Http1Client(pair.port)
    client.send(upgrade())
    assert client.read_head().status == 101
    client.reset()
  wait_until(lambda: len(echo.closes) > told, 5, "the origin still waits for a client that is gone")
  assert echo.closes[-1][0] == 1006


def test_origins_with_tls(module_pair, secure):
  echo, authority = secure
  pair = module_pair(f"https://127.0.0.1:{echo.port}", origin_ca=authority.certificate)
  with dial(pair.port) as client:
    client.send(b"x" * 1000000)
    assert client.recv(timeout=10) == b"x" * 1000000


def upgrade(path: str = "/", protocol: str = "websocket", key: str | None = "dGhlIHNhbXBsZSBub25jZQ==", method: str = "GET") -> bytes:
  own = f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n" if key else ""
  return f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: {protocol}\r\n{own}\r\n".encode()


@pytest.fixture
def by_hand(new_pair) -> Iterator[tuple]:
  """A pair before an origin of which the test writes every byte."""
  with TcpOrigin() as origin:
    yield new_pair({"origin": f"http://127.0.0.1:{origin.port}"}, probe=lambda _: True), origin


def asked(pair, origin, request: bytes) -> tuple[Http1Client, socket.socket, bytes]:
  """A client that has sent an upgrade, the origin's end, and the head that arrived there."""
  client = Http1Client(pair.port)
  client.send(request)
  server = origin.accept()
  head = b""
  while not head.endswith(b"\r\n\r\n"):
    head += read_exactly(server, 1)
  return client, server, head


def test_another_protocol_crosses_and_its_sides_end_one_by_one(by_hand):
  client, server, head = asked(*by_hand, upgrade(protocol="chat/2", key=None))
  assert head.startswith(b"GET / HTTP/1.1\r\n")
  assert b"\r\nupgrade: chat/2\r\n" in head and b"connection: upgrade" in head and b"sec-websocket" not in head
  server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\nX-A: 1\r\n\r\nwelcome")
  answer = client.read_head()
  assert (answer.status, answer.first("upgrade"), answer.first("x-a")) == (101, "chat/2", "1")
  assert client.read(7) == b"welcome"
  client.send(b"bye")
  client.end()
  assert read_exactly(server, 3) == b"bye"
  assert server.recv(1) == b""
  server.sendall(b"later")
  server.close()
  assert client.read(5) == b"later"
  assert client.read(1) == b""


def test_bytes_ahead_of_the_answer_wait_for_it_and_are_no_request_to_the_origin(by_hand):
  smuggled = b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
  client, server, _ = asked(*by_hand, upgrade() + smuggled)
  server.settimeout(0.5)
  with pytest.raises(TimeoutError):
    server.recv(1)
  server.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
  assert client.read_head().status == 403
  # It was the client's next request, and is answered as one: on a connection of its own choice, behind the gateway's rules.
  assert by_hand[1].accept().recv(11) == b"GET /admin "


@pytest.mark.parametrize("answer", [
  b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
  b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
  b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
  b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
], ids=["no proof", "another key's proof", "another protocol", "no connection option", "no switch"])
def test_an_origin_that_does_not_switch_as_asked_is_a_bad_gateway(by_hand, answer):
  client, server, _ = asked(*by_hand, upgrade())
  server.sendall(answer)
  assert client.read_head().status == 502


def test_a_switch_that_nobody_asked_for_is_refused(by_hand):
  client, server, _ = asked(*by_hand, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
  server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
  assert client.read_head().status == 502


@pytest.mark.parametrize("request_", [
  upgrade(protocol="h2c"), upgrade(protocol="TLS/1.2"), upgrade(method="POST", protocol="tcp"),
  upgrade().replace(b"Connection: keep-alive, Upgrade", b"Connection: keep-alive")], ids=["h2c", "tls", "post", "no option"])
def test_offers_that_no_tunnel_can_carry_are_ignored(by_hand, request_):
  client, server, head = asked(*by_hand, request_)
  assert b"upgrade:" not in head
  server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
  assert client.read_answer().body == b"hi"


def test_a_websocket_request_without_a_key_is_malformed(by_hand):
  with Http1Client(by_hand[0].port) as client:
    client.send(upgrade(key=None))
    assert client.read_head().status == 400


def test_an_edge_may_be_told_that_its_core_takes_no_upgrades(new_pair, echo):
  pair = new_pair(f"http://127.0.0.1:{echo.port}", edge_lines=["link:", "  extended_connect: off"])
  with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
    dial(pair.port)
  assert refused.value.response.status_code == 501


def test_an_origin_that_dies_resets_the_client(by_hand):
  client, server, _ = asked(*by_hand, upgrade(protocol="chat", key=None))
  server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhalf a mess")
  assert client.read_head().status == 101
  reset(server)
  assert ending(client.socket) == "reset"


def test_an_http2_origin_gets_an_extended_connect(module_pair, origin):
  pair = module_pair(origin.h2c_url)
  with Http1Client(pair.port) as client:
    client.send(upgrade("/echo", protocol="chat", key=None))
    answer = client.read_head()
    assert (answer.status, answer.first("upgrade")) == (101, "chat")
    for message in (b"hello", b"x" * 100_000):
      client.send(message)
      assert read_exactly(client.socket, len(message)) == message
    client.end()
    assert client.read(1) == b""


def test_an_http2_origin_that_takes_none_is_not_asked(new_pair, tmp_path):
  port = ports.free_port()
  with Process("nghttpd", [programs.system("nghttpd"), "--no-tls", str(port)], tmp_path) as nghttpd:
    ports.wait_for_tcp(port, unless=nghttpd.check)
    pair = new_pair(f"h2c://127.0.0.1:{port}")
    with Http1Client(pair.port) as client:
      client.send(upgrade("/", protocol="chat", key=None))
      answer = client.read_answer()
      assert answer.status == 501
      assert b"RFC 8441" in answer.body
