"""ngtcp2's gtlsclient, curl, aioquic and qh3 ask the core directly, with the edge's certificate."""

from __future__ import annotations

import hashlib
import json
import subprocess

import curl_cffi
import pytest

from interop.clients.http3 import Http3Client
from interop.lib import programs
from interop.origins.behaviours import PATTERN


def test_gtlsclient(pair, tmp_path):
  own = pair.plan.certificates.edge
  run = subprocess.run(
    [programs.system("gtlsclient"), "--quiet", "--exit-on-all-streams-close", "--timeout=5s", f"--key={own.key}",
     f"--cert={own.certificate}", f"--download={tmp_path}", "127.0.0.1", str(pair.plan.core_port),
     f"https://core.test:{pair.plan.core_port}/bytes/300000"], capture_output=True, timeout=15)
  assert run.returncode == 0, run.stderr[-2000:]
  assert (tmp_path / "300000").read_bytes() == (PATTERN * 19)[:300_000]


@pytest.fixture
def curl(pair):
  """curl by HTTP/3 and nothing else."""
  own, port = pair.plan.certificates.edge, pair.plan.core_port
  session = curl_cffi.Session(
    http_version=curl_cffi.CurlHttpVersion.V3ONLY, cert=(str(own.certificate), str(own.key)),
    verify=str(pair.plan.certificates.ca), timeout=10, curl_options={curl_cffi.CurlOpt.RESOLVE: [f"core.test:{port}:127.0.0.1"]})
  with session:
    yield lambda method, path, **more: session.request(method, f"https://core.test:{port}{path}", **more)


def test_curl(curl):
  assert curl("GET", "/bytes/1000003").content == (PATTERN * 62)[:1_000_003]
  body = PATTERN * 20
  seen = json.loads(curl("POST", "/seen", data=body).content)
  assert (seen["size"], seen["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
  assert curl("HEAD", "/bytes/77").headers["content-length"] == "77"
  assert curl("GET", "/status/404").status_code == 404


def test_aioquic(pair):
  with Http3Client.as_edge(pair) as client:
    assert client.request("GET", "/bytes/300000").body == (PATTERN * 19)[:300_000]
    body = PATTERN * 10
    assert json.loads(client.request("POST", "/seen", [], body).body)["size"] == len(body)
    assert client.request("GET", "/status/204").status == 204
    for index in range(200):
      assert client.request("GET", f"/bytes/{index}").body == PATTERN[:index]


@pytest.mark.quicgw
def test_aioquic_trailers_and_interim_responses(pair):
  with Http3Client.as_edge(pair) as client:
    answer = client.request("GET", "/trailers", [("te", "trailers")])
    assert answer.trailers == [("x-checksum", "abc123"), ("x-count", "1")]
    assert [each.status for each in client.request("GET", "/hints").interim] == [103, 103]
    seen = json.loads(client.request("POST", "/seen", [("quicgw-edge", "root")], [b"a", b"b"], [("x-end", "1")]).body)
    assert [[name.lower(), value] for name, value in seen["trailers"]] == [["x-end", "1"]]
    assert [value for name, value in seen["fields"] if name.lower() == "quicgw-edge"] == ["edge-1"]


def test_qh3(pair):
  program = (
    "import asyncio, sys\n"
    "from qh3.asyncio.client import connect\n"
    "from qh3.quic.configuration import QuicConfiguration\n"
    "from qh3.asyncio.protocol import QuicConnectionProtocol\n"
    "from qh3.h3.connection import H3Connection\n"
    "from qh3.h3.events import DataReceived, HeadersReceived\n"
    "port, ca, certificate, key = int(sys.argv[1]), *sys.argv[2:]\n"
    "class Protocol(QuicConnectionProtocol):\n"
    "  h3 = None\n"
    "  def quic_event_received(self, event):\n"
    "    self.h3 = self.h3 or H3Connection(self._quic)\n"
    "    for each in self.h3.handle_event(event):\n"
    "      if isinstance(each, HeadersReceived): self.status = dict(each.headers)[b':status']\n"
    "      if isinstance(each, DataReceived): self.size += len(each.data)\n"
    "      if each.stream_ended: self.done.set_result(None)\n"
    "async def main():\n"
    "  settings = QuicConfiguration(is_client=True, alpn_protocols=['h3'], server_name='core.test')\n"
    "  settings.load_verify_locations(ca); settings.load_cert_chain(certificate, key)\n"
    "  async with connect('127.0.0.1', port, configuration=settings, create_protocol=Protocol) as client:\n"
    "    client.done, client.size = asyncio.get_running_loop().create_future(), 0\n"
    "    client.h3 = client.h3 or H3Connection(client._quic)\n"
    "    fields = [(b':method', b'GET'), (b':scheme', b'https'), (b':authority', b'core.test'), (b':path', b'/bytes/50000')]\n"
    "    client.h3.send_headers(client._quic.get_next_available_stream_id(), fields, True); client.transmit()\n"
    "    await asyncio.wait_for(client.done, 5)\n"
    "    print(client.status.decode(), client.size)\n"
    "asyncio.run(main())\n")
  import sys

  certificates = pair.plan.certificates
  run = subprocess.run([sys.executable, "-c", program, str(pair.plan.core_port), certificates.ca, certificates.edge.certificate,
                        certificates.edge.key], capture_output=True, text=True, timeout=20)
  assert run.stdout.split() == ["200", "50000"], run.stderr[-2000:]
