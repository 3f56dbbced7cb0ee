"""Requests that come back to where they were are cut, whichever way they took."""

from __future__ import annotations

import time

import pytest

from interop.clients.http1 import Http1Client
from interop.lib import ports
from interop.lib.cloud import Cloud

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def cloud(module_cloud):
  """The core's service leads to its own listener, that to the edge, and what the edge exposes to its own listener, and so to the core."""
  entrance, edge_port = ports.free_port(), ports.free_port()
  cloud: Cloud = module_cloud(
    {"round": {"service": "round", "edge": "edge-1"}}, services={"round": f"http://127.0.0.1:{entrance}"}, default_service="round")
  cloud.ports["round"], cloud.entrance = entrance, entrance
  cloud.core.stop()
  cloud.start()
  edge = cloud.edge(expose={"round": f"http://127.0.0.1:{edge_port}"})
  edge.port = edge_port
  edge.start_and_wait()
  return cloud


@pytest.mark.parametrize("side", ["core", "edge"])
def test_a_request_goes_round_once(cloud, side):
  port = cloud.entrance if side == "core" else cloud.edges["edge-1"].port
  since = time.monotonic()
  with Http1Client(port, limit=20) as client:
    answer = client.request("GET", "/round")
  assert answer.status == 502
  assert "proxy_loop_detected" in answer.first("proxy-status")
  assert time.monotonic() - since < 5
