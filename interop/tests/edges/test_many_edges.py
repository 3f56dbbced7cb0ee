"""Many edges at one core, all of them called."""

from __future__ import annotations

import json
import threading
import urllib.request

import pytest

from interop.clients.http1 import Http1Client

pytestmark = pytest.mark.quicgw


@pytest.mark.parametrize("count", [24, pytest.param(200, marks=pytest.mark.long)])
def test_each_is_called_under_its_own_name(new_cloud, origin, count):
  cloud = new_cloud({"host": {"suffix": "edges.test"}, "any": {"service": "web", "group": "any"}}, log={"access": False})
  for index in range(count):
    cloud.edge(f"edge-{index}", expose={"web": origin.http1_url}, log={"access": False, "level": "warning"}).start()
  cloud.wait_until_connected(count, limit=120)
  wrong: list[str] = []

  def call(first: int) -> None:
    with Http1Client(cloud.ports["host"], limit=30) as client:
      for index in range(first, count, 8):
        for _ in range(5):
          answer = client.request("GET", f"/seen?{index}", [("host", f"web.edge-{index}.edges.test")])
          if answer.status != 200 or json.loads(answer.body)["target"] != f"/seen?{index}":
            wrong.append(f"edge-{index}: {answer.status} {answer.first('proxy-status')}")

  threads = [threading.Thread(target=call, args=(first,)) for first in range(8)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join(120)
  assert not any(thread.is_alive() for thread in threads) and wrong == []

  origin.requests.clear()
  with Http1Client(cloud.ports["any"], limit=30) as client:
    for _ in range(count):
      assert client.request("GET", "/").status == 200
  page = urllib.request.urlopen(f"http://127.0.0.1:{cloud.admin_port}/metrics", timeout=10).read().decode()
  assert f"quicgw_connected_edges {count}" in page
