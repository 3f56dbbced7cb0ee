"""The same from the cloud to services of an edge: TCP, WebSocket and event streams."""

from __future__ import annotations

import subprocess

import pytest

from interop.clients.http1 import Http1Client
from interop.lib import ports, programs
from interop.lib.cloud import Cloud
from interop.lib.process import Process
from interop.lib.waiting import wait_until
from interop.origins.tcp import TcpOrigin, connect, ending, read_exactly
from interop.tests.tunnels.conftest import Tunnels
from interop.tests.tunnels.test_event_streams import *  # noqa: F403 - the same tests over other fixtures
from interop.tests.tunnels.test_tcp_services import *  # noqa: F403
from interop.tests.tunnels.test_web_sockets import (  # noqa: F401
  echo, test_a_client_that_resets_is_gone_for_the_origin, test_messages_of_all_sizes_and_the_close_cross,
  test_over_http2_it_is_an_extended_connect, test_the_origins_refusal_is_the_clients)

pytestmark = pytest.mark.quicgw


def cloud_of(module_cloud, listeners: dict, expose: dict) -> Cloud:
  cloud = module_cloud(listeners)
  cloud.edge(expose=expose).start_and_wait()
  return cloud


@pytest.fixture(scope="module")
def tunnels(module_cloud, raw) -> Tunnels:
  tcp = {"kind": "tcp", "edge": "edge-1"}
  cloud = cloud_of(
    module_cloud, {"web": {"service": "raw", "edge": "edge-1"}, "raw": {**tcp, "service": "raw"}, "closed": {**tcp, "service": "closed"}},
    {"raw": raw.url, "closed": f"tcp://127.0.0.1:{ports.free_port()}"})
  return Tunnels(cloud.core, cloud.edges["edge-1"].process, cloud.port, cloud.ports["raw"], cloud.ports["closed"], 0, raw)


@pytest.fixture(scope="module")
def pair(module_cloud, echo) -> Cloud:  # noqa: F811
  return cloud_of(module_cloud, {"web": {"service": "web", "edge": "edge-1"}}, {"web": f"http://127.0.0.1:{echo.port}"})


@pytest.fixture(scope="module")
def events(module_cloud):
  with TcpOrigin() as origin:
    web = {"origins": [f"http://127.0.0.1:{origin.port}"], "response_head": "5s"}
    yield cloud_of(module_cloud, {"web": {"service": "web", "edge": "edge-1"}}, {"web": web}), origin


def test_a_listener_for_requests_is_no_proxy(tunnels):
  client = Http1Client(tunnels.http)
  client.send(f"CONNECT raw:{tunnels.raw.port} HTTP/1.1\r\nHost: raw\r\n\r\n".encode())
  assert client.read_head().status == 403


def test_tunnels_take_turns_between_the_edges_of_a_group(module_cloud):
  with TcpOrigin() as berlin, TcpOrigin() as paris:
    cloud = module_cloud(
      {"any": {"kind": "tcp", "service": "ssh", "group": {"kind": "node"}}}, edges={"*": {"labels": {"kind": "*"}}})
    for name, origin in (("berlin", berlin), ("paris", paris)):
      cloud.edge(name, expose={"ssh": origin.url}, labels={"kind": "node"}).start_and_wait()
    # Each event loop of the core takes turns of its own.
    clients = [connect(cloud.port) for _ in range(8)]
    for origin in (berlin, paris):
      origin.accept().close()
      origin.accept().close()
    for client in clients:
      client.close()


@pytest.mark.long
def test_an_edge_that_dies_resets_its_tunnels(module_cloud, raw):
  cloud = cloud_of(module_cloud, {"raw": {"kind": "tcp", "service": "raw", "edge": "edge-1"}}, {"raw": raw.url})
  client = connect(cloud.port)
  server = raw.accept()
  client.sendall(b"1")
  assert read_exactly(server, 1) == b"1"
  cloud.edges["edge-1"].kill()
  cloud.edges["edge-1"].start_and_wait()
  # The new process answers for the old one's connection.
  client.sendall(b"2")
  client.settimeout(40)
  assert ending(client) == "reset"


def test_redis_on_an_edge(module_cloud, tmp_path):
  port = ports.free_port()
  with Process("redis", [programs.system("redis-server"), "--port", port, "--save", "", "--dir", tmp_path], tmp_path) as redis:
    ports.wait_for_tcp(port, unless=redis.check)
    cloud = cloud_of(module_cloud, {"redis": {"kind": "tcp", "service": "redis", "edge": "edge-1"}}, {"redis": f"tcp://localhost:{port}"})
    cli = [str(programs.system("redis-cli")), "-p", str(cloud.port)]
    assert subprocess.run([*cli, "set", "key", "value"], capture_output=True, timeout=20).stdout == b"OK\n"
    wait_until(lambda: "service=redis" in cloud.log(), 5, "the core's log does not tell of the tunnel")
