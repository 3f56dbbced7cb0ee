"""Edges that come back with a ticket: called before their handshake is complete, by requests that may be lost and sent again; never by a
copy of what an edge once sent."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from interop.clients.http1 import Http1Client
from interop.lib.relays import DatagramRelay
from interop.lib.waiting import wait_until

pytestmark = pytest.mark.quicgw
DELAY = 0.3
ROUND_TRIP = 2 * DELAY


class Place:
  """A core and an edge behind a relay; both keep their state in a folder, and the edge has been there once."""

  def __init__(self, new_cloud, origin, folder, delay: float, loops: int = 1) -> None:
    self.loops = loops
    self.cloud = new_cloud(
      {"web": {"service": "web", "edge": "edge-1"}}, early_data={"accept": "on", "record": str(folder)}, loops=loops)
    self.relay = DatagramRelay(self.cloud.core_port, delay)
    self.edge = self.cloud.edge(
      expose={"web": origin.http1_url}, upstream=f"127.0.0.1:{self.relay.port}", early_data={"tickets": str(folder)})

  def __enter__(self) -> Place:
    self.relay.__enter__()
    self.edge.start_and_wait()
    time.sleep(0.3 + 4 * self.relay.delay)
    return self

  def __exit__(self, *_: object) -> None:
    self.relay.__exit__()

  def restart_edge(self) -> None:
    """The edge is gone, and is there again with its next datagram."""
    assert self.edge.stop() == 0
    wait_until(lambda: " is gone" in self.cloud.log(), 5, "the core has not noticed")
    self.relay.begin()
    self.edge.start()

  def first_answers(self, method: str) -> list[float]:
    """Asks on as many connections as the core has event loops, which serve one each while the edge is away, until there are answers of
    the edge's; seconds from the edge's first datagram to each."""

    def ask(_: int) -> float:
      with Http1Client(self.cloud.port, limit=10) as client:
        while client.request(method, "/").status != 200:
          time.sleep(0.005)
      return time.monotonic() - self.relay.first_at

    with ThreadPoolExecutor(self.loops) as callers:
      return sorted(callers.map(ask, range(self.loops)))


@pytest.mark.parametrize(("method", "loops", "round_trips"), [("GET", 1, 1.5), ("GET", 4, 1.5), ("POST", 4, 2.5)])
def test_a_resumed_edge_is_called_as_soon_as_it_is_heard(new_cloud, origin, tmp_path, method, loops, round_trips):
  with Place(new_cloud, origin, tmp_path, DELAY, loops) as place:
    place.restart_edge()
    taken = place.first_answers(method)
    assert round_trips * ROUND_TRIP <= taken[0] and taken[-1] < (round_trips + 0.75) * ROUND_TRIP, taken


def test_a_copy_of_a_first_flight_is_not_called(new_cloud, origin, tmp_path):
  with Place(new_cloud, origin, tmp_path, 0) as place:
    place.restart_edge()
    assert place.first_answers("GET")
    assert place.edge.stop() == 0
    # As long as the core remembers the connection it takes a copy for more of the same.
    time.sleep(1.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
      for datagram in place.relay.flight:
        other.sendto(datagram, ("127.0.0.1", place.cloud.core_port))
      wait_until(lambda: "it is a copy of an earlier flight" in place.cloud.log(), 5, "the core has not noticed the copy")
      with Http1Client(place.cloud.port, limit=10) as client:
        for _ in range(20):
          assert client.request("GET", "/").status == 502
