"""quicgw across every profile: HTTP and gRPC cross each once, whole; and it recovers from what worlds can do. Behaviour, not timing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator

import pytest

from interop.clients.answer import Broken
from interop.clients.http1 import Http1Client
from interop.lib import ports, programs
from interop.lib.pair import Pair
from interop.lib.process import Process
from interop.lib.waiting import wait_until
from interop.rig.profiles import PROFILES
from interop.rig.world import World
from interop.tests.conftest import SUBJECT
from interop.tests.rig import calls

LIMIT = 60
"""Seconds for anything: some of these links lose a third of what is sent."""
SIZE = 30_000


@pytest.fixture(scope="module")
def services(world: World) -> Iterator[dict[str, str]]:
  """The HTTP origin and grpcio's, in the core's namespace."""
  with tempfile.TemporaryDirectory(prefix="interop-origins-") as folder:
    urls, running = {}, []
    for kind, scheme in (("pages", "http"), ("calls", "h2c")):
      port = ports.free_port()
      argv = ["env", f"PYTHONPATH={programs.REPOSITORY}", sys.executable, "-m", "interop.origins", kind, str(port)]
      running.append(Process(kind, world.core.argv(argv), Path(folder)))
      ports.wait_for_listener(running[-1], port, transport="tcp")
      urls[kind] = f"{scheme}://127.0.0.1:{port}"
    yield urls
    for each in running:
      each.stop()


@pytest.fixture
def pair(world, services) -> Iterator[Pair]:
  """A pair whose handshake is made without impairment."""
  with world.edge.enter(), Pair(services, subject=SUBJECT, world=world) as pair:
    yield pair
    pair.check()


def gets(pair: Pair, count: int, limit: float = LIMIT) -> bytes:
  with Http1Client(pair.port, limit=limit) as client:
    answer = client.request("GET", f"/bytes/{count}", [("Host", "pages.test")])
    assert answer.status == 200, answer
    return answer.body


def start_calls(pair: Pair, name: str, limit: float = LIMIT) -> subprocess.Popen:
  """grpcio in a process of its own: its threads stay in the namespace in which the process's first call was made."""
  argv = [sys.executable, "-m", calls.__name__, str(pair.port), name, str(limit)]
  return subprocess.Popen(argv, cwd=programs.REPOSITORY, stdout=subprocess.PIPE, text=True)


def called(running: subprocess.Popen) -> object:
  said, _ = running.communicate(timeout=LIMIT * 2)
  return json.loads(said.splitlines()[-1])


def exchange(pair: Pair) -> None:
  """One download, one upload, one call and one conversation."""
  running = start_calls(pair, "each")
  assert len(gets(pair, SIZE)) == SIZE
  with Http1Client(pair.port, limit=LIMIT) as client:
    answer = client.request("POST", "/echo", [("Host", "pages.test")], b"u" * SIZE)
    assert answer.status == 200 and answer.body == b"u" * SIZE
  assert called(running) == {"unary": "hello", "chat": ["one", "two", "three"]}


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_crossed(world, services, name):
  with world.edge.enter():
    pair = Pair(services, subject=SUBJECT, world=world)
    try:
      pair.start_core()
      # Packets that are dropped by number are counted from here: the handshake meets them, as it meets all else.
      world.change(name)
      pair.start_edge()
      pair.wait_until_linked()
      exchange(pair)
      pair.check()
    except BaseException:
      pair.report()
      print(world.counters())
      raise
    finally:
      pair.stop()


def test_the_link_over_ipv6(world, services):
  with world.edge.enter(), Pair(services, subject=SUBJECT, world=world, link_host=world.core.address6) as pair:
    before = world.counters().forward.sent
    exchange(pair)
    assert world.counters().forward.sent > before


@pytest.mark.quicgw
def test_streams_outlive_a_black_out(world, pair):
  world.change("fibre")
  stream = start_calls(pair, "spread")
  assert stream.stdout.readline() == "begun\n"
  world.black_out(2)
  assert called(stream) == {"messages": 40}
  assert len(gets(pair, SIZE)) == SIZE


@pytest.mark.quicgw
@pytest.mark.parametrize("what", ["rebind_port", "rebind_address"])
def test_a_download_outlives_a_nat_that_forgets(world, pair, what):
  world.change("wifi")
  with Http1Client(pair.port, limit=LIMIT) as client:
    client.send_request("GET", "/bytes/4000000", [("Host", "pages.test")])
    client.read_head()
    got, changed = 0, False
    while got < 4_000_000:
      got += len(client.read(65_536))
      if got > 1_000_000 and not changed:
        getattr(world, what)()
        changed = True
  exchange(pair)


def test_it_recovers_when_the_edge_moves(world, pair):
  """Until migration on address changes is built, the old connection may be lost; a request gets through in the end."""
  world.move_edge()
  wait_until(lambda: _crosses(pair), LIMIT, "no request crosses after the move", every=0.5)
  exchange(pair)


def _crosses(pair: Pair) -> bool:
  try:
    return len(gets(pair, 10, limit=10)) == 10
  except (AssertionError, Broken, OSError):
    return False


def test_a_call_during_a_cut_is_answered_in_time(world, pair):
  """With an error or, when the link is back soon enough, with its answer; never not at all."""
  world.down()
  begin = time.monotonic()
  call = start_calls(pair, "unary", limit=20)
  time.sleep(1)
  world.up()
  assert called(call) in ({"unary": "hello"}, {"error": "UNAVAILABLE"})
  assert time.monotonic() - begin < 20
