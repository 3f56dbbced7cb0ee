"""An origin that is down, dies, hangs or talks nonsense: the defined answer, and the next request works."""

from __future__ import annotations

import socket
import threading
import time

import grpc
import pytest

from interop.clients.answer import Broken
from interop.clients.grpc_calls import Echo
from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports
from interop.origins.origin import Origin

pytestmark = pytest.mark.quicgw
CLIENTS = [Http1Client, Http2Client]


@pytest.fixture(scope="module")
def failing(module_pair):
  """An origin of its own behind a pair of its own, which a test takes down and puts up again."""
  with Origin() as origin:
    yield origin, module_pair(origin.http1_url, response_head="1s")


@pytest.mark.parametrize("kind", CLIENTS)
def test_down(failing, kind):
  origin, pair = failing
  origin.close_listener()
  try:
    with kind(pair.port) as client:
      answer = client.request("GET", "/")
      assert (answer.status, answer.gateway_error) == (502, "connection_refused")
      assert client.request("POST", "/seen", [], b"body").status == 502
  finally:
    origin.open_listener()
  with kind(pair.port) as client:
    assert client.request("GET", "/").body == b"hello\n"


def test_a_kept_connection_that_the_origin_closed_is_not_an_error(failing):
  origin, pair = failing
  with Http1Client(pair.port) as client:
    for _ in range(20):
      assert client.request("GET", "/").status == 200
      origin.close_listener()
      origin.open_listener()


@pytest.mark.parametrize("kind", CLIENTS)
def test_dies_before_its_answer(failing, kind):
  _, pair = failing
  with kind(pair.port) as client:
    answer = client.request("GET", "/die/")
    assert (answer.status, answer.gateway_error) == (502, "connection_terminated")
    assert client.request("GET", "/").body == b"hello\n"


@pytest.mark.parametrize("target", ["/die/5000", "/die/5000?chunked=1"])
@pytest.mark.parametrize("kind", CLIENTS)
def test_dies_within_its_body(failing, kind, target):
  _, pair = failing
  with kind(pair.port) as client:
    with pytest.raises(Broken) as broken:
      client.request("GET", target)
    assert broken.value.partial.status == 200
    assert broken.value.partial.body == b"x" * 5000
  with kind(pair.port) as client:
    assert client.request("GET", "/").body == b"hello\n"


@pytest.mark.parametrize("kind", CLIENTS)
def test_hangs(failing, kind):
  _, pair = failing
  with kind(pair.port) as client:
    begin = time.monotonic()
    answer = client.request("GET", "/hang")
    assert (answer.status, answer.gateway_error) == (504, "http_response_timeout")
    assert time.monotonic() - begin < 3
    assert client.request("GET", "/").body == b"hello\n"


def test_a_hanging_origin_hears_that_nobody_waits(failing):
  origin, pair = failing
  with Http1Client(pair.port) as client:
    assert client.request("GET", "/hang?told").status == 504
  for _ in range(100):
    if "/hang?told" in origin.gone_at:
      return
    time.sleep(0.02)
  pytest.fail("the origin's connection was kept")


@pytest.mark.parametrize("nonsense", [
  b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 xyz What\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
  b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 200 OK\r\nX A: 1\r\n\r\n",
  b"\x00" * 100, b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 100_000 + b"\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
], ids=["ssh", "no status", "two lengths", "length and chunked", "a bad name", "NULs", "a huge field", "101 unasked"])
def test_talks_nonsense(new_pair, nonsense):
  with socket.create_server(("127.0.0.1", 0)) as server:
    server.settimeout(10)

    def talk() -> None:
      while True:
        try:
          connection, _ = server.accept()
        except OSError:
          return
        with connection:
          connection.recv(65536)
          connection.sendall(nonsense)

    threading.Thread(target=talk, daemon=True).start()
    pair = new_pair(f"http://127.0.0.1:{server.getsockname()[1]}", linked=False)
    with Http1Client(pair.port) as client:
      answer = client.request("GET", "/")
      assert answer.status == 502
      assert answer.gateway_error


def test_a_name_that_does_not_resolve(new_pair):
  pair = new_pair("http://nowhere.invalid:80", linked=False)
  with Http1Client(pair.port) as client:
    answer = client.request("GET", "/")
  assert (answer.status, answer.gateway_error) == (502, "dns_error")


def test_tls_that_nobody_vouches_for(new_pair, tmp_path):
  import ssl

  from interop.lib.certificates import Authority

  leaf = Authority(tmp_path).issue("origin", core=True, hosts=("localhost", "127.0.0.1"))
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain(leaf.certificate, leaf.key)
  with socket.create_server(("127.0.0.1", 0)) as server:
    server.settimeout(10)

    def talk() -> None:
      while True:
        try:
          connection, _ = server.accept()
          connection.settimeout(5)
          context.wrap_socket(connection, server_side=True).close()
        except ssl.SSLError:
          continue
        except OSError:
          return

    threading.Thread(target=talk, daemon=True).start()
    pair = new_pair(f"https://127.0.0.1:{server.getsockname()[1]}", linked=False)
    with Http1Client(pair.port) as client:
      answer = client.request("GET", "/")
  assert (answer.status, answer.gateway_error) == (502, "tls_certificate_error")


def test_grpc_clients_get_unavailable(new_pair):
  pair = new_pair(f"h2c://127.0.0.1:{ports.free_port()}", linked=False)
  with Echo(pair.port) as echo:
    with pytest.raises(grpc.RpcError) as failed:
      echo.unary(b"x", timeout=10)
  assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
  assert "refused" in failed.value.details().lower()
