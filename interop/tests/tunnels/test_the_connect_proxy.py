"""Programs with `https_proxy`: CONNECT reaches what the core's rules open to this edge, and nothing else."""

from __future__ import annotations

import subprocess

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports, programs
from interop.lib.certificates import Authority
from interop.origins.nginx import Nginx
from interop.origins.tcp import ending, read_exactly

pytestmark = pytest.mark.quicgw


def ask(port: int, target: str) -> tuple[Http1Client, int, bytes]:
  """The answer to a CONNECT, and its content if it is a refusal."""
  client = Http1Client(port)
  client.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
  if (head := client.read_head()).status == 200:
    return client, 200, b""
  body = b""
  while piece := client.read(4096):
    body += piece
  assert head.first("proxy-status")
  return client, head.status, body


@pytest.mark.parametrize("target", ["localhost", "raw", "LOCALHOST"])
def test_a_tunnel_carries_bytes_and_ends(tunnels, target):
  client, status, _ = ask(tunnels.proxy, f"{target}:{tunnels.raw.port}")
  assert status == 200
  server = tunnels.raw.accept()
  client.send(b"to the server")
  assert read_exactly(server, 13) == b"to the server"
  server.sendall(b"to the client")
  assert client.read(13) == b"to the client"
  client.end()
  assert server.recv(1) == b""
  server.sendall(b"more")
  assert client.read(4) == b"more"
  server.close()
  assert client.read(1) == b""


def test_bytes_that_come_with_the_request_are_the_tunnels(tunnels):
  client = Http1Client(tunnels.proxy)
  target = f"localhost:{tunnels.raw.port}"
  client.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode())
  assert read_exactly(tunnels.raw.accept(), 18) == b"GET / HTTP/1.1\r\n\r\n"
  assert client.read_head().status == 200


@pytest.mark.parametrize("target", [
  "127.0.0.1:{raw}",            # open to another edge
  "127.0.0.1:22", "localhost:22", "internal.test:443", "a.internal.test:80", "evil-internal.test:443",
  "a.internal.test.:443", "origin:80", "[::1]:{raw}"])
def test_what_is_not_opened_to_this_edge_is_refused(tunnels, target):
  _, status, body = ask(tunnels.proxy, target.format(raw=tunnels.raw.port))
  assert status == 403
  assert b"may not be connected" in body


def test_a_name_that_cannot_be_resolved_is_a_bad_gateway(tunnels):
  _, status, body = ask(tunnels.proxy, "nobody.internal.test:443")
  assert status == 502
  assert b"cannot be resolved" in body


@pytest.mark.parametrize("target", ["a%2eb.internal.test:443", "user@localhost:1", "localhost", "localhost:0", "localhost:99999"])
def test_a_target_that_is_none_is_malformed(tunnels, target):
  assert ask(tunnels.proxy, target)[1] == 400


def test_an_ordinary_listener_is_no_proxy(tunnels):
  _, status, body = ask(tunnels.http, f"localhost:{tunnels.raw.port}")
  assert status == 403
  assert b"proxy:" in body


def test_a_proxy_takes_no_other_requests(tunnels):
  with Http1Client(tunnels.proxy) as client:
    assert client.request("GET", "http://origin/").status == 403


def test_connect_over_http2(tunnels):
  with Http2Client(tunnels.proxy, checked=False) as client:
    target = f"localhost:{tunnels.raw.port}"
    stream = client.open_head([(":method", "CONNECT"), (":authority", target)])
    assert client.wait_head(stream).status == 200
    server = tunnels.raw.accept()
    client.send(stream, b"ping")
    assert read_exactly(server, 4) == b"ping"
    server.sendall(b"pong")
    while client.streams[stream].answer.body != b"pong":
      client.receive()
    client.cancel(stream)
    assert ending(server) == "reset"


def test_curl_reaches_a_server_with_tls(new_pair, tmp_path):
  (tmp_path / "file").write_bytes(b"through the tunnel" * 1000)
  authority = Authority(tmp_path / "ca")
  proxy = ports.free_port()
  with Nginx(tmp_path, tmp_path / "nginx", tls=authority.issue("origin", core=True, hosts=("127.0.0.1",))) as nginx:
    target = nginx.url.removeprefix("https://")
    new_pair({"unused": "http://127.0.0.1:1"}, probe=lambda _: True, core_lines=[f'connect: ["{target}"]'],
             edge_lines=[f"  - proxy: 127.0.0.1:{proxy}"])
    run = subprocess.run(
      [str(programs.system("curl")), "-sS", "--cacert", str(authority.certificate), "--proxy", f"http://127.0.0.1:{proxy}", f"{nginx.url}/file"],
      capture_output=True, timeout=20)
    assert run.returncode == 0, run.stderr
    assert run.stdout == b"through the tunnel" * 1000
    refused = subprocess.run(
      [str(programs.system("curl")), "-sS", "--proxy", f"http://127.0.0.1:{proxy}", "https://127.0.0.1:1/"], capture_output=True, timeout=20)
    assert refused.returncode == 56 and b"403" in refused.stderr, refused.stderr
