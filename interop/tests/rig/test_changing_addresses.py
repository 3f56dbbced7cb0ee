"""The edge's address changes, behind its back or under its feet, and whatever is under way goes on."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from typing import Iterator

import pytest

from interop.clients.http1 import Http1Client
from interop.lib.pair import Pair
from interop.lib.waiting import wait_until
from interop.rig.world import World
from interop.tests.conftest import SUBJECT
from interop.tests.rig import calls
from interop.tests.rig.test_gateways_across_a_world import called, exchange, start_calls

LIMIT = 60
CHANGES = ("rebind_port", "rebind_address", "move_edge")
pytestmark = pytest.mark.quicgw


@pytest.fixture
def pair(world, services) -> Iterator[Pair]:
  with world.edge.enter(), Pair(services, subject=SUBJECT, world=world, admin=True, loops=2) as pair:
    yield pair
    pair.check()


@pytest.fixture(params=["wifi", "loss5_200ms"])
def crossing(request, world, services) -> Iterator[Pair]:
  """A pair that knows no other round trip than the link's: bbr2 believes the shortest it has seen for ten seconds."""
  world.change(request.param)
  with world.edge.enter(), Pair(services, subject=SUBJECT, world=world, admin=True, loops=2) as pair:
    yield pair
    pair.check()


class Download:
  """A download in a thread, which notes when bytes came."""

  def __init__(self, world: World, pair: Pair, size: int) -> None:
    self.size, self.got, self.failure = size, 0, ""
    self.arrivals: list[float] = []
    self._world, self._port = world, pair.port
    self._thread = threading.Thread(target=self._run, daemon=True)
    self._thread.start()

  def wait_for(self, count: int) -> None:
    wait_until(lambda: self.got >= count or self.failure, LIMIT, f"{count} bytes did not come", every=0.01)

  def finish(self, limit: float = LIMIT) -> None:
    self._thread.join(limit)
    assert not self._thread.is_alive() and not self.failure and self.got == self.size, f"{self.got} of {self.size}: {self.failure}"

  def stall(self, since: float) -> float:
    """The longest time without a byte that began in the second after `since`."""
    gaps = [(after - before, before) for before, after in zip(self.arrivals, self.arrivals[1:])]
    return max(gap for gap, begin in gaps if since - 0.3 < begin < since + 1)

  def _run(self) -> None:
    try:
      with self._world.edge.enter(), Http1Client(self._port, limit=LIMIT) as client:
        client.send_request("GET", f"/bytes/{self.size}", [("Host", "pages.test")])
        client.read_head()
        while self.got < self.size:
          piece = client.read(65_536)
          if not piece:
            self.failure = "it ended early"
            return
          self.got += len(piece)
          self.arrivals.append(time.monotonic())
    except Exception as error:  # noqa: BLE001, told by whoever waits
      self.failure = repr(error)


def stalled(world: World, pair: Pair, what: str, size: int) -> float:
  """How long a download stands still when the address changes in its midst."""
  download = Download(world, pair, size)
  download.wait_for(size // 4)
  since = time.monotonic()
  getattr(world, what)()
  download.finish()
  return download.stall(since)


@pytest.mark.parametrize("what", CHANGES)
def test_a_download_goes_on(world, crossing, what):
  assert stalled(world, crossing, what, 6_000_000) < 5
  exchange(crossing)
  assert migrations(crossing) >= 1


@pytest.mark.parametrize("what", CHANGES)
def test_an_upload_goes_on(world, pair, what):
  world.change("wifi")
  body, sent = b"u" * 4_000_000, threading.Event()

  def pieces() -> Iterator[bytes]:
    for begin in range(0, len(body), 100_000):
      yield body[begin:begin + 100_000]
      if begin == 1_000_000:
        sent.set()

  def change() -> None:
    sent.wait(LIMIT)
    getattr(world, what)()

  changer = threading.Thread(target=change)
  changer.start()
  with Http1Client(pair.port, limit=LIMIT) as client:
    answer = client.request("POST", "/echo", [("Host", "pages.test")], pieces())
  changer.join()
  assert answer.status == 200 and answer.body == body


@pytest.mark.parametrize("what", CHANGES)
def test_a_stream_of_messages_goes_on(world, pair, what):
  world.change("wifi")
  stream = start_calls(pair, "spread")
  assert stream.stdout.readline() == "begun\n"
  getattr(world, what)()
  assert called(stream) == {"messages": 40}


def test_the_link_over_ipv6_moves(world, services):
  with world.edge.enter(), Pair(services, subject=SUBJECT, world=world, link_host=world.core.address6, admin=True) as pair:
    world.change("wifi")
    assert stalled(world, pair, "move_edge", 4_000_000) < 5
    assert migrations(pair) == 1


def test_no_network_at_all_for_some_seconds(world, pair):
  """Sending fails at once, there is no address to move to, and when there is one the same connection goes on."""
  world.change("wifi")
  stream = start_calls(pair, "spread")
  assert stream.stdout.readline() == "begun\n"
  world.edge.ip("route del default")
  time.sleep(4)
  world.move_edge()
  assert called(stream) == {"messages": 40}
  assert migrations(pair) == 1


def test_an_address_that_vanishes_and_returns(world, pair):
  world.change("wifi")
  stream = start_calls(pair, "spread")
  assert stream.stdout.readline() == "begun\n"
  address, via = world.edge.address, world.edge.run(["ip", "-4", "route", "show", "default"]).stdout.split()[2]
  world.edge.ip(f"addr del {address}/24 dev wan")
  time.sleep(1)
  world.edge.ip(f"addr add {address}/24 dev wan", f"route replace default via {via} dev wan")
  assert called(stream) == {"messages": 40}


def test_a_flood_of_news_about_addresses_costs_little(world, pair):
  """A routing daemon may change thousands of routes in a second."""
  world.change("wifi")
  before = pair.cpu_seconds()
  routes = "\n".join(f"route {verb} 203.0.113.{number % 250 + 1}/32 dev wan" for number in range(5_000) for verb in ("replace", "del"))
  world.edge.run(["ip", "-force", "-batch", "-"], input=routes)
  assert pair.cpu_seconds() - before < 2
  exchange(pair)
  assert migrations(pair) == 0


@pytest.mark.long
@pytest.mark.parametrize("what", CHANGES)
def test_twenty_downloads_and_twenty_changes(world, crossing, what):
  """The figures of the README: `interop/run interop/tests/rig/test_changing_addresses.py -k twenty -s`."""
  stalls = []
  for _ in range(20):
    stalls.append(stalled(world, crossing, what, 20_000_000))
    time.sleep(3)
  print(f"\n{what}: stalls of 20 downloads, s:", *(f"{each:.2f}" for each in sorted(stalls)))
  assert sorted(stalls)[10] < 1


@pytest.mark.long
def test_ten_changes_in_a_minute_during_a_gibibyte_and_a_hundred_calls(world, pair):
  world.change("fibre")
  download = Download(world, pair, 1 << 30)
  calling = subprocess.Popen([sys.executable, "-m", calls.__name__, str(pair.port), "steady", "30"], stdout=subprocess.PIPE, text=True)
  for number in range(10):
    time.sleep(6)
    getattr(world, CHANGES[number % len(CHANGES)])()
  assert called(calling) == {"answers": 100}
  download.finish(600)
  assert migrations(pair) >= 10


def migrations(pair: Pair) -> int:
  """Changes of the path that the core has counted."""
  page = pair.world.core.run(["curl", "-s", f"http://127.0.0.1:{pair.plan.core_admin_port}/metrics"]).stdout
  return sum(int(float(each)) for each in re.findall(r"^quicgw_migrations_total (\S+)", page, re.M))
