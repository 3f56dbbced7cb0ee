"""Heads, bodies, trailers and streams reach an origin on the edge as they were sent: the tests of the other direction."""

from __future__ import annotations

import json

import pytest

from interop.clients.http1 import Http1Client
from interop.tests.http.test_messages_cross_whole import *  # noqa: F403 - the same tests over other fixtures
from interop.tests.http.test_streams_both_ways import *  # noqa: F403
from interop.lib.cloud import Cloud

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module", params=["http1", "h2c"])
def pair(request, origin, module_cloud) -> Cloud:
  cloud = module_cloud({"web": {"service": "web", "edge": "edge-1"}})
  cloud.edge(expose={"web": origin.http1_url if request.param == "http1" else origin.h2c_url}).start_and_wait()
  return cloud


def test_the_origin_sees_the_clients_host_and_no_identity(pair):
  with Http1Client(pair.port) as client:
    seen = json.loads(client.request("GET", "/seen", [("host", "web.cloud.example"), ("quicgw-edge", "forged")]).body)
  names: dict[str, str] = {}
  for name, value in seen["fields"]:
    names[name.lower()] = ", ".join(filter(None, [names.get(name.lower()), value]))
  assert seen["authority"] == "web.cloud.example"
  assert "quicgw-edge" not in names
  assert names["via"].count("quicgw-core-") == 1 and names["via"].count("quicgw-edge-") == 1
  assert "host=\"web.cloud.example\"" in names["forwarded"]
