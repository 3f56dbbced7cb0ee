"""Which origin gets a request, who may use it, and what the admin pages say."""

from __future__ import annotations

import http.client

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib.waiting import wait_until
from interop.origins.origin import Origin

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def origins():
  with Origin() as first, Origin() as second:
    yield {"first": first, "second": second}


@pytest.fixture(scope="module")
def routed(origins, module_pair):
  services = {name: origin.http1_url for name, origin in origins.items()}
  routes = ["routes:", "  - hosts: [one.example]", "    service: first", "  - path: /two", "    strip: true", "    service: second"]
  return module_pair(services, linked=False, edge_lines=routes)


def reached(origins, client, target: str, host: str) -> tuple[int, list[str]]:
  for origin in origins.values():
    origin.requests.clear()
  status = client.request("GET", target, [("host", host)]).status
  return status, [name for name, origin in origins.items() if origin.requests]


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
def test_a_request_finds_its_service(origins, routed, kind):
  with kind(routed.port, limit=15) as client:
    assert reached(origins, client, "/", "one.example") == (200, ["first"])
    assert reached(origins, client, "/", "first") == (200, ["first"])
    assert reached(origins, client, "/", "second") == (200, ["second"])
    assert reached(origins, client, "/two/seen", "whatever.example") == (200, ["second"])
    assert origins["second"].requests == [("GET", "/seen")]


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
def test_an_unknown_service_is_404(origins, routed, kind):
  with kind(routed.port, limit=15) as client:
    answer = client.request("GET", "/", [("host", "unknown.example")])
    assert (answer.status, answer.gateway_error) == (404, "destination_not_found")


def test_access_is_denied_with_403(origins, module_pair):
  rules = ["access:", "  origin:", "    deny: [edge-1]"]
  pair = module_pair(origins["first"].http1_url, linked=False, core_lines=rules)
  with Http1Client(pair.port, limit=15) as client:
    answer = client.request("GET", "/")
    assert (answer.status, answer.gateway_error) == (403, "http_request_denied")


def test_admin_pages(origins, module_pair):
  pair = module_pair(origins["first"].http1_url, admin=True)

  def page(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body

  for port in (pair.plan.core_admin_port, pair.plan.edge_admin_port):
    assert page(port, "/livez")[0] == 200
    assert page(port, "/readyz")[0] == 200
    status, metrics = page(port, "/metrics")
    assert status == 200 and "# TYPE" in metrics and "quicgw_" in metrics
    assert page(port, "/nothing")[0] == 404
  pair.core.stop()
  wait_until(lambda: page(pair.plan.edge_admin_port, "/readyz")[0] != 200, 10, "the edge is still ready without a core")
  assert page(pair.plan.edge_admin_port, "/livez")[0] == 200


def test_ipv6(origins, module_pair):
  pair = module_pair(origins["first"].http1_url, link_host="::1")
  with Http1Client(pair.port) as client:
    assert client.request("GET", "/").status == 200
