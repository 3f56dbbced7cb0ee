"""The way to the core goes dark, or the core is another one: found out in seconds, and answers come when they are possible."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from interop.clients.answer import Broken
from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import ports
from interop.lib.pair import Pair
from interop.lib.relays import DatagramRelay
from interop.lib.waiting import wait_until
from interop.tests.conftest import SUBJECT

pytestmark = pytest.mark.quicgw
LIMIT = 15


@pytest.fixture
def dimmed(origin, new_pair):
  """A pair with a relay between its ends, and admin pages."""
  port = ports.free_port()
  with DatagramRelay(port) as relay:
    yield new_pair(origin.http1_url, core_port=port, upstream_port=relay.port, admin=True), relay


def ask(port: int, limit: float = LIMIT, path: str = "/", method: str = "GET", body: bytes = b""):
  with Http1Client(port, limit=limit) as client:
    return client.request(method, path, [], body) if body else client.request(method, path)


def metric(pair: Pair, name: str) -> float:
  with Http1Client(pair.plan.edge_admin_port, limit=LIMIT) as client:
    lines = client.request("GET", "/metrics").body.decode().splitlines()
  return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def is_ready(pair: Pair) -> bool:
  return ask(pair.plan.edge_admin_port, path="/readyz").status == 200


def in_background(act) -> tuple[threading.Thread, list]:
  """Runs it in a thread; the list gets the answer that comes of it, or nothing."""
  results: list = []

  def run() -> None:
    with contextlib.suppress(Broken):
      results.append(act())

  thread = threading.Thread(target=run)
  thread.start()
  return thread, results


def test_a_request_that_a_silent_core_has_taken_is_answered_in_the_end(origin, new_pair):
  port = ports.free_port()
  with DatagramRelay(port) as relay:
    pair = new_pair(origin.http1_url, core_port=port, upstream_port=relay.port, edge_lines=["link: {suspect_after: 1s, lost_after: 4s}"])
    assert ask(pair.port).status == 200
    relay.is_dark = True
    # On the connection, and from when that is suspect with the first flight of each attempt to connect: none is answered.
    begin = time.monotonic()
    assert ask(pair.port).status == 503
    assert time.monotonic() - begin > 3


def test_a_silent_link_is_suspect_and_found_again(dimmed):
  pair, relay = dimmed
  relay.is_dark = True
  first, answers = in_background(lambda: ask(pair.port, limit=30))
  # Found within 3 s from the first thing that was sent.
  wait_until(lambda: not is_ready(pair), 6, "the link is not suspect")
  assert "is suspect" in pair.edge.log.read_text()
  later, more = in_background(lambda: ask(pair.port, method="POST", path="/echo", body=b"once"))
  time.sleep(1.5)
  relay.is_dark = False
  back = time.monotonic()
  first.join()
  later.join()
  assert [answers[0].status, more[0].status, more[0].body] == [200, 200, b"once"]
  assert time.monotonic() - back < 3
  wait_until(lambda: is_ready(pair), 5, "the link is not ready again")
  assert metric(pair, 'quicgw_link_changes_total{state="suspect"}') >= 1
  assert metric(pair, 'quicgw_link_dials_total{beside="true"}') >= 2
  pair.check()


def test_requests_wait_for_a_silent_link_no_longer_than_they_may(dimmed):
  pair, relay = dimmed
  relay.is_dark = True
  in_background(lambda: ask(pair.port, limit=60))
  wait_until(lambda: not is_ready(pair), 6, "the link is not suspect")
  begin = time.monotonic()
  answer = ask(pair.port)
  assert answer.status == 503 and answer.gateway_error
  assert 4 < time.monotonic() - begin < 8
  relay.is_dark = False


@pytest.mark.parametrize("seconds", [6, pytest.param(20, marks=pytest.mark.long)])
def test_streams_outlive_a_black_out(dimmed, seconds):
  pair, relay = dimmed
  download = threading.Thread(target=lambda: downloaded.append(len(ask(pair.port, path="/slow/250", limit=60).body)))
  downloaded: list[int] = []
  download.start()
  with Http2Client(pair.port, limit=60) as client:
    up = client.open("POST", "/echo")
    client.send(up, b"x" * 1000)
    time.sleep(0.5)
    relay.is_dark = True
    # More than may be under way at first, and less than this client may send without being read.
    client.send(up, b"y" * 40_000)
    time.sleep(seconds)
    relay.is_dark = False
    client.send(up, b"z" * 1000)
    client.end(up)
    assert len(client.read_answer(up).body) == 42_000
  download.join()
  assert downloaded == [sum(len(f"tick {tick}\n") for tick in range(250))]
  pair.check()


def test_a_safe_request_is_repeated_when_its_core_was_killed(new_pair, origin):
  pair = new_pair(origin.http1_url, admin=True)
  get, answers = in_background(lambda: ask(pair.port, path="/wait/3", limit=30))
  post, refusals = in_background(lambda: ask(pair.port, method="POST", path="/wait/3?post", body=b"once", limit=30))
  wait_until(lambda: {("GET", "/wait/3"), ("POST", "/wait/3?post")} <= set(origin.requests), 5, "the requests did not arrive")
  pair.core.kill()
  pair.start_core()
  get.join()
  post.join()
  assert answers[0].status == 200
  assert refusals[0].status == 503 and "destination_unavailable" in str(refusals[0].fields)
  assert list(origin.requests).count(("POST", "/wait/3?post")) == 1
  assert metric(pair, "quicgw_repeated_requests_total") == 1
  # It was told, not waited for: a core that does not know a connection says so (RFC 9000 §10.3).
  assert "stateless reset" in pair.edge.log.read_text()


@pytest.mark.parametrize("preference", ["first", "spread"])
def test_another_core_takes_over(origin, new_pair, preference):
  other = Pair(origin.http1_url, subject=SUBJECT)
  other.start_core()
  try:
    pair = new_pair(origin.http1_url, certificates=other.plan.certificates, standby=[other.plan.core_address],
                    edge_lines=[f"prefer: {preference}"])
    for _ in range(2):
      pair.core.kill()
      begin = time.monotonic()
      assert ask(pair.port).status == 200
      assert time.monotonic() - begin < 5, "the other core stands by"
      assert all(ask(pair.port).status == 200 for _ in range(10))
      pair.start_core()
      time.sleep(1)
    pair.check()
  finally:
    other.stop()
