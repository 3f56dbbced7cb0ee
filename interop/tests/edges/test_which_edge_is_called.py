"""By host, by fields, by group: which edge gets a request of a client in the cloud, and what it is told when there is none."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import time
from collections import Counter

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports, programs
from interop.lib.waiting import wait_until
from interop.origins.origin import Origin

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def origins():
  with Origin() as one, Origin() as two, Origin() as three:
    yield {"shop-1": one, "shop-2": two, "far.shop.example": three}


@pytest.fixture(scope="module")
def cloud(origins, module_cloud):
  cloud = module_cloud(
    {
      "fixed": {"service": "web", "edge": "shop-1"},
      "host": {"suffix": "edges.test"},
      "field": {"edge_field": "X-Edge", "service_field": "X-Service"},
      "berlin": {"service": "web", "group": {"site": "berlin"}},
      "any": {"service": "web", "group": "any", "balance": "least_busy"},
    },
    edges={"*": {"labels": {"site": ["berlin"]}}}, edge_wait="2s")
  for identity, origin in origins.items():
    labels = {"site": "berlin"} if identity != "far.shop.example" else {"site": "paris"}
    cloud.edge(identity, expose={"web": origin.http1_url, "other": origin.h2c_url}, labels=labels).start()
  cloud.wait_until_connected(3)
  # In the first two seconds a core waits for edges that it does not know.
  time.sleep(2)
  return cloud


def reached(origins, cloud, listener: str, fields=(), *, kind=Http1Client, target: str = "/") -> tuple[int, list[str]]:
  for origin in origins.values():
    origin.requests.clear()
  with kind(cloud.ports[listener], limit=15) as client:
    status = client.request("GET", target, fields).status
  return status, [name for name, origin in origins.items() if origin.requests]


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
def test_each_way_to_name_an_edge(origins, cloud, kind):
  assert reached(origins, cloud, "fixed", kind=kind) == (200, ["shop-1"])
  assert reached(origins, cloud, "host", [("host", "web.shop-2.edges.test")], kind=kind) == (200, ["shop-2"])
  assert reached(origins, cloud, "host", [("host", "OTHER.far.Shop.example.edges.test:80")], kind=kind) == (200, ["far.shop.example"])
  assert reached(origins, cloud, "field", [("x-edge", "shop-2"), ("x-service", "other")], kind=kind) == (200, ["shop-2"])


def test_edges_of_a_group_take_turns(origins, cloud):
  for origin in origins.values():
    origin.requests.clear()
  with Http1Client(cloud.ports["berlin"]) as client:
    for _ in range(20):
      assert client.request("GET", "/").status == 200
  assert {name: len(origin.requests) for name, origin in origins.items()} == {"shop-1": 10, "shop-2": 10, "far.shop.example": 0}


def test_a_group_of_any_edge_spares_the_busy_one(origins, cloud):
  # 20 requests hang at whichever edge they come to; others go where there are fewer.
  hanging = [Http1Client(cloud.ports["any"]) for _ in range(21)]
  for origin in origins.values():
    origin.requests.clear()
  for client in hanging:
    client.send_request("GET", "/hang")
  wait_until(lambda: sum(len(origin.requests) for origin in origins.values()) == 21, 10, "not all requests have arrived")
  counts = Counter({name: len(origin.requests) for name, origin in origins.items()})
  for client in hanging:
    client.close()
  # Each event loop of the core knows its own requests only.
  assert all(count >= 5 for count in counts.values()), counts


@pytest.mark.parametrize("listener, fields, status, error", [
  ("host", [("host", "web.nobody.edges.test")], 502, "destination_unavailable"),
  ("host", [("host", "missing.shop-1.edges.test")], 404, "destination_not_found"),
  ("host", [("host", "shop-1.example")], 404, "destination_not_found"),
  ("field", [("x-service", "web")], 400, "http_request_error"),
  ("field", [("x-edge", "shop-1"), ("x-service", "../etc")], 400, "http_request_error"),
])
def test_who_names_none_is_told_at_once(cloud, listener, fields, status, error):
  with Http1Client(cloud.ports[listener]) as client:
    since = time.monotonic()
    answer = client.request("GET", "/", fields)
    assert (answer.status, answer.gateway_error) == (status, error)
    assert time.monotonic() - since < 1


def test_a_service_of_the_core_itself_is_not_reached(cloud):
  with Http1Client(cloud.ports["host"]) as client:
    assert client.request("GET", "/", [("host", "modules.edges.test")]).status == 404


def test_a_listener_with_tls(cloud, origins, new_cloud, tmp_path):
  leaf = cloud.authority.issue("clients", core=True, hosts=("web.shop-1.edges.test", "localhost"))
  secured = new_cloud({"tls": {"suffix": "edges.test", "tls": {"certificate": str(leaf.certificate), "key": str(leaf.key)}}})
  secured.edge("shop-1", expose={"web": origins["shop-1"].http1_url}).start_and_wait()

  def curl(*more: str) -> str:
    return subprocess.run(
      [programs.system("curl"), "-sS", "--max-time", "15", "--cacert", cloud.authority.certificate, "--resolve",
       f"web.shop-1.edges.test:{secured.port}:127.0.0.1", "-w", "\n%{http_code} %{http_version}", *more,
       f"https://web.shop-1.edges.test:{secured.port}/seen"], capture_output=True, text=True, check=True).stdout

  for version in ("--http1.1", "--http2"):
    body, _, line = curl(version).rpartition("\n")
    assert line == f"200 {version[6:]}"
    assert "proto=https" in dict(json.loads(body)["fields"])["forwarded"]
  large = "x" * 3_000_000
  path = tmp_path / "large"
  path.write_text(large)
  assert json.loads(curl("--http2", "-T", str(path)).rpartition("\n")[0])["size"] == len(large)
  # A new certificate is shown to new connections after a reload.
  renewed = cloud.authority.issue("clients", core=True, hosts=("web.shop-1.edges.test", "renewed.test"))
  assert renewed.certificate == leaf.certificate
  secured.reload()
  shown = ssl.get_server_certificate(("127.0.0.1", secured.port))
  assert shown.strip() == leaf.certificate.read_text().strip()


def test_what_counts_of_an_edge_can_change(new_cloud, origins):
  cloud = new_cloud({"web": {"service": "web", "group": {"site": "berlin"}}}, edges={"shop-1": {"services": ["web"]}})
  edge = cloud.edge("shop-1", expose={"other": origins["shop-1"].http1_url}, labels={"site": "berlin"}).start_and_wait()
  time.sleep(2)
  with Http1Client(cloud.port) as client:
    assert client.request("GET", "/").status == 502
    cloud.settings["edges"] = {"shop-1": {"services": ["web"], "labels": {"site": "*"}}}
    cloud.reload()
    assert client.request("GET", "/").status == 404
    edge.settings["expose"] = {"web": origins["shop-1"].http1_url}
    edge.reload()
    wait_until(lambda: client.request("GET", "/").status == 200, 10, "what the edge exposes now is not reached")
  assert "edge shop-1 at" in cloud.log() and "has changed" in cloud.log() and "is connected since" in cloud.log()


def test_listeners_come_and_go_with_a_reload(new_cloud, origins):
  cloud = new_cloud({"old": {"service": "web", "edge": "shop-1"}, "stays": {"service": "web", "group": "any"}})
  cloud.edge("shop-1", expose={"web": origins["shop-1"].http1_url}).start_and_wait()
  with Http1Client(cloud.ports["old"], limit=10) as slow, Http1Client(cloud.ports["stays"]) as kept:
    slow.send_request("GET", "/slow/10")
    assert slow.read_head().status == 200
    assert kept.request("GET", "/").status == 200
    cloud.ports["new"] = ports.free_port()
    cloud.settings["listeners"] = [{"name": name, "service": "web", "group": "any"} for name in ("stays", "new")]
    cloud.reload()
    with Http1Client(cloud.ports["new"]) as client:
      assert client.request("GET", "/").status == 200
    with pytest.raises(ConnectionRefusedError):
      Http1Client(cloud.ports["old"])
    assert kept.request("GET", "/").status == 200
    # What a listener had begun when it was taken away goes on.
    got = b""
    while b"tick 9" not in got:
      piece = slow.read(65536)
      assert piece, "cut off"
      got += piece
  # Another name for the same address is another listener.
  cloud.ports["renamed"] = cloud.ports["stays"]
  cloud.settings["listeners"] = [{"name": name, "service": "web", "group": "any"} for name in ("renamed", "new")]
  cloud.reload()
  with Http1Client(cloud.ports["renamed"]) as client:
    assert client.request("GET", "/").status == 200
  cloud.settings["listeners"] = [{"name": name, "service": "web", "group": "any"} for name in ("stays", "new")]
  cloud.reload()
  # An address that is taken changes nothing, and is said.
  with socket.create_server(("127.0.0.1", 0)) as taken:
    cloud.ports["taken"] = taken.getsockname()[1]
    cloud.settings["listeners"] = [{"name": name, "service": "web", "group": "any"} for name in ("new", "taken")]
    cloud.write()
    cloud.core.signal(signal.SIGHUP)
    wait_until(lambda: "cannot be listened on" in cloud.log(), 5, "the core has not said why it goes on as before")
    for name in ("stays", "new"):
      with Http1Client(cloud.ports[name]) as client:
        assert client.request("GET", "/").status == 200
