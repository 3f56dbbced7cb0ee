"""A small call is one datagram each way: head, message and end packed together, everything else in company."""

from __future__ import annotations

import re
import urllib.request

import pytest

from interop.lib import generators
from interop.origins.unary import UnaryOrigin

CALLS = 2000


@pytest.fixture
def origin(tmp_path):
  with UnaryOrigin(tmp_path) as origin:
    yield origin


def datagrams(admin_port: int) -> dict[str, int]:
  text = urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/metrics", timeout=5).read().decode()
  return {each[1]: int(each[2]) for each in re.finditer(r'^quicgw_datagrams_total\{direction="(\w+)"\} (\d+)$', text, re.MULTILINE)}


@pytest.mark.quicgw
@pytest.mark.parametrize("connections, streams, most", [
  # One of the two is the acknowledgement, which ngtcp2 sends alone on a link without delay: within an eighth of its round-trip time.
  pytest.param(1, 1, 2.2, id="1 caller"), pytest.param(4, 16, 1.3, id="64 callers")])
def test_datagrams_for_each_small_call(new_pair, origin, connections, streams, most):
  pair = new_pair(f"h2c://127.0.0.1:{origin.port}", admin=True)
  call = {"connections": connections, "streams": streams, **origin.call}
  generators.h2load(pair.port, requests=500, **call)
  before = datagrams(pair.plan.edge_admin_port)
  assert generators.h2load(pair.port, requests=CALLS, **call).failed == 0
  after = datagrams(pair.plan.edge_admin_port)
  spent = {way: (after[way] - before[way]) / CALLS for way in ("sent", "received")}
  print(spent)
  assert max(spent.values()) <= most
