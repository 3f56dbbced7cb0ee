"""Edges that end, are killed, come back, or are there twice, while they are called: every call ends in an answer or a clear error."""

from __future__ import annotations

import threading
import time
from collections import Counter

import grpc
import pytest

from interop.clients.answer import Broken
from interop.clients.grpc_calls import Echo
from interop.clients.http1 import Http1Client
from interop.lib import ports
from interop.lib.waiting import wait_until
from interop.origins.grpc_origin import GrpcOrigin
from interop.origins.origin import Origin

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def grpc_origin():
  with GrpcOrigin() as origin:
    yield origin


class Callers:
  """GETs from threads of their own, each with a connection of its own, until they are stopped."""

  def __init__(self, port: int, count: int = 8) -> None:
    self.outcomes: Counter[str] = Counter()
    self.slowest = 0.0
    self._stop = threading.Event()
    self._lock = threading.Lock()
    self._threads = [threading.Thread(target=self._run, args=(port,)) for _ in range(count)]
    for thread in self._threads:
      thread.start()

  def stop(self) -> Counter[str]:
    self._stop.set()
    for thread in self._threads:
      thread.join(60)
      assert not thread.is_alive(), "a call hangs"
    return self.outcomes

  def _run(self, port: int) -> None:
    client = Http1Client(port, limit=45)
    while not self._stop.is_set():
      since = time.monotonic()
      try:
        answer = client.request("GET", "/")
        outcome = f"{answer.status} {answer.gateway_error or ''}".strip()
      except Broken as broken:
        begun = broken.partial is not None and broken.partial.status == 200
        outcome = "broken off" if begun else f"broken: {broken}"
        client = Http1Client(port, limit=45)
      with self._lock:
        self.outcomes[outcome] += 1
        self.slowest = max(self.slowest, time.monotonic() - since)
      time.sleep(0.005)
    client.close()


def test_an_edge_that_ends_is_gone_at_once_and_comes_back(new_cloud, origin):
  cloud = new_cloud({"web": {"service": "web", "edge": "edge-1"}})
  edge = cloud.edge(expose={"web": origin.http1_url}).start_and_wait()
  time.sleep(2)
  with Http1Client(cloud.port) as client:
    assert client.request("GET", "/").status == 200
    assert edge.stop() == 0
    wait_until(lambda: " is gone" in cloud.log(), 5, "the core has not noticed")
    since = time.monotonic()
    answer = client.request("GET", "/")
    assert (answer.status, answer.gateway_error) == (502, "destination_unavailable")
    assert time.monotonic() - since < 0.5
    edge.start_and_wait()
    assert client.request("GET", "/").status == 200


def test_open_requests_of_an_edge_that_ends_finish(new_cloud, origin):
  cloud = new_cloud({"web": {"service": "web", "edge": "edge-1"}})
  edge = cloud.edge(expose={"web": origin.http1_url}).start_and_wait()
  with Http1Client(cloud.port) as client:
    client.send_request("GET", "/slow/20")
    assert client.read_head().status == 200
    ended = threading.Thread(target=edge.stop)
    ended.start()
    got = b""
    while b"tick 19" not in got:
      piece = client.read(65536)
      assert piece, "cut off"
      got += piece
    ended.join(30)


def test_safe_requests_survive_edges_that_restart(new_cloud, origin):
  """Two edges of a group, one after the other ends and comes back, over and over: nobody notices."""
  cloud = new_cloud({"web": {"service": "web", "group": "any"}})
  edges = [cloud.edge(f"shop-{index}", expose={"web": origin.http1_url}).start_and_wait() for index in (1, 2)]
  callers = Callers(cloud.port)
  for edge in edges * 2:
    edge.stop()
    edge.start_and_wait()
  outcomes = callers.stop()
  assert set(outcomes) == {"200"}, outcomes
  assert outcomes["200"] > 100


def test_calls_while_edges_are_killed_end_in_an_answer_or_a_clear_error(new_cloud, origin):
  cloud = new_cloud({"web": {"service": "web", "group": "any"}}, transport={"idle_timeout": "8s"})
  edges = [cloud.edge(f"shop-{index}", expose={"web": origin.http1_url}).start_and_wait() for index in (1, 2)]
  callers = Callers(cloud.port)
  for edge in edges:
    edge.kill()
    time.sleep(1)
    edge.start_and_wait()
    time.sleep(1)
  outcomes = callers.stop()
  # What was sent to the killed process is safe and goes to the other one when the first is found to be silent. Only an answer that was
  # killed between its head and its end cannot be had again: its client has the head, and a connection that closes before the end.
  assert outcomes.pop("broken off", 0) <= len(edges), outcomes
  assert set(outcomes) == {"200"}, outcomes
  assert callers.slowest < 15


def test_a_killed_edge_that_comes_back_takes_over(new_cloud, origin, grpc_origin):
  """The new process is asked, not the old one that is not known to be dead yet."""
  cloud = new_cloud({"echo": {"service": "echo", "edge": "edge-1"}}, transport={"idle_timeout": "8s"})
  edge = cloud.edge(expose={"echo": grpc_origin.url}).start_and_wait()
  with Echo(cloud.port) as echo:
    assert echo.unary(b"before", timeout=10) == b"before"
    call = echo.hang(b"", timeout=60)
    assert next(call) == b"begun"
    edge.kill()
    edge.start_and_wait()
    for index in range(20):
      assert echo.unary(b"%d" % index, timeout=2) == b"%d" % index
    # The stream that was open at the killed process ends with an error when it is given up.
    with pytest.raises(grpc.RpcError) as failed:
      next(call)
    assert failed.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL)


def test_an_edge_that_was_lost_is_waited_for(new_cloud, origin):
  cloud = new_cloud({"web": {"service": "web", "edge": "edge-1"}}, edge_wait="10s", transport={"idle_timeout": "5s"})
  edge = cloud.edge(expose={"web": origin.http1_url}, link={"keep_alive": "1s"}, transport={"idle_timeout": "5s"}).start_and_wait()
  edge.kill()
  wait_until(lambda: " is gone" in cloud.log(), 20, "the core has not noticed")
  with Http1Client(cloud.port, limit=20) as client:
    client.send_request("GET", "/")
    time.sleep(0.5)
    edge.start()
    assert client.read_answer().status == 200


def test_an_edge_whose_origin_is_down_is_passed_over(new_cloud, origin):
  cloud = new_cloud({"web": {"service": "web", "group": "any"}})
  cloud.edge("shop-1", expose={"web": f"http://127.0.0.1:{ports.free_port()}"}).start_and_wait()
  cloud.edge("shop-2", expose={"web": origin.http1_url}).start_and_wait()
  with Http1Client(cloud.port) as client:
    for index in range(20):
      assert client.request("POST", "/seen", [], b"x" * index).status == 200


def test_two_processes_of_one_identity_share_the_load(new_cloud):
  with Origin() as first, Origin() as second:
    cloud = new_cloud({"web": {"service": "web", "edge": "edge-1"}})
    cloud.edge(expose={"web": first.http1_url}, instance="-a").start_and_wait()
    cloud.edge(expose={"web": second.http1_url}, instance="-b").start_and_wait()

    def shares() -> bool:
      with Http1Client(cloud.port) as client:
        for _ in range(10):
          assert client.request("GET", "/").status == 200
      return bool(first.requests) and bool(second.requests)

    wait_until(shares, 5, "only one of them is asked")
    first.requests.clear()
    second.requests.clear()
    with Http1Client(cloud.port) as client:
      for _ in range(20):
        client.request("GET", "/")
    assert (len(first.requests), len(second.requests)) == (10, 10)


def test_a_core_that_restarts_is_asked_while_edges_come_back(new_cloud, origin):
  cloud = new_cloud({"web": {"service": "web", "edge": "edge-1"}})
  cloud.edge(expose={"web": origin.http1_url}).start_and_wait()
  cloud.core.stop()
  cloud.start()
  wait_until(lambda: cloud.connected() >= 1, 20, "the edge has not come back", unless=cloud.check)
  with Http1Client(cloud.port) as client:
    assert client.request("GET", "/").status == 200
