"""What an edge can expose: nginx, Caddy, Unix sockets."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports, programs
from interop.lib.process import Process
from interop.lib.waiting import wait_until
from interop.origins.nginx import Nginx

pytestmark = pytest.mark.quicgw

LARGE = 5_000_000


@pytest.fixture(scope="module")
def files(tmp_path_factory):
  folder = tmp_path_factory.mktemp("files")
  (folder / "data").write_bytes(os.urandom(LARGE))
  return folder


@pytest.fixture(scope="module")
def cloud(files, tmp_path_factory, module_cloud):
  scratch = tmp_path_factory.mktemp("origins")
  socket = scratch / "caddy.sock"
  caddy_port = ports.free_port()
  (scratch / "Caddyfile").write_text(
    "{\n  admin off\n  auto_https off\n  servers {\n    protocols h1 h2c\n  }\n}\n"
    f"http://:{caddy_port} {{\n  bind 127.0.0.1 unix/{socket}\n  root * {files}\n  file_server\n"
    "  respond /hello \"hello world\n\"\n}\n")
  caddy = Process(
    "caddy", ["env", f"XDG_DATA_HOME={scratch}", f"XDG_CONFIG_HOME={scratch}", programs.caddy(), "run", "--config", scratch / "Caddyfile"],
    scratch)
  with Nginx(files, scratch) as nginx, caddy:
    ports.wait_for_tcp(caddy_port, unless=caddy.check)
    wait_until(socket.exists, 10, "Caddy has made no socket", unless=caddy.check)
    cloud = module_cloud({"host": {"suffix": "test"}})
    cloud.edge(expose={
      "nginx": nginx.url, "caddy": {"origins": [f"http://127.0.0.1:{caddy_port}"], "host": "origin"},
      "caddy-h2": {"origins": [f"h2c://127.0.0.1:{caddy_port}"], "host": "origin"},
      "socket": {"origins": [f"unix:{socket}"], "host": "origin"}, "socket-h2": {"origins": [f"h2c+unix:{socket}"], "host": "origin"},
      "gone": f"unix:{scratch}/nobody.sock"}).start_and_wait()
    yield cloud


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
@pytest.mark.parametrize("service", ["nginx", "caddy", "caddy-h2", "socket", "socket-h2"])
def test_requests_cross(cloud, files, service, kind):
  host = [("host", f"{service}.edge-1.test")]
  with kind(cloud.port) as client:
    for _ in range(20):
      assert client.request("GET", "/hello", host).body == b"hello world\n"
    body = client.request("GET", "/data", host).body
    assert hashlib.sha256(body).digest() == hashlib.sha256((files / "data").read_bytes()).digest()
    assert client.request("HEAD", "/data", host).first("content-length") == str(LARGE)
    assert client.request("GET", "/data", [*host, ("range", "bytes=10-19")]).body == (files / "data").read_bytes()[10:20]
    assert client.request("GET", "/missing", host).status == 404


def test_a_socket_that_nobody_listens_on(cloud):
  with Http1Client(cloud.port) as client:
    answer = client.request("GET", "/", [("host", "gone.edge-1.test")])
    assert answer.status == 502
    assert "quicgw-edge-" in answer.first("proxy-status")


def test_curl_downloads_at_once(cloud, files):
  argv = [programs.system("curl"), "-sS", "--max-time", "30", "-H", "Host: nginx.edge-1.test"]
  for index in range(8):
    argv += ["-o", f"/dev/null", f"http://127.0.0.1:{cloud.port}/data?{index}"]
  subprocess.run([*argv, "--parallel", "-f"], check=True, capture_output=True, timeout=40)
