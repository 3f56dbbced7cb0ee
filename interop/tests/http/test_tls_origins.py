"""Origins by https: HTTP/1.1 or HTTP/2 as ALPN decides, verified against the CA that the configuration gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib.certificates import Authority
from interop.origins.nginx import Nginx

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module", params=[False, True], ids=["http/1.1", "h2"])
def pair(request, tmp_path_factory, module_pair):
  authority = Authority(tmp_path_factory.mktemp("origin-ca"))
  leaf = authority.issue("origin", core=True, hosts=("127.0.0.1", "localhost"))
  files = tmp_path_factory.mktemp("files")
  (files / "data").write_bytes(bytes(range(256)) * 4000)
  with Nginx(files, Path(tmp_path_factory.mktemp("nginx")), tls=leaf, http2=request.param) as nginx:
    yield module_pair(nginx.url, origin_ca=authority.certificate)


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
def test_requests_cross(pair, kind):
  with kind(pair.port) as client:
    for _ in range(20):
      assert client.request("GET", "/hello").body == b"hello world\n"
    assert client.request("GET", "/data").body == bytes(range(256)) * 4000
    assert client.request("HEAD", "/data").first("content-length") == str(256 * 4000)
    assert client.request("GET", "/missing").status == 404
