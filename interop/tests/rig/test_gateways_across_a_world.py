"""quicgw across every profile: HTTP and gRPC cross each once, whole; and it recovers from what worlds can do. Behaviour, not timing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Iterator

import pytest

from interop.clients.http1 import Http1Client
from interop.lib import programs
from interop.lib.pair import Pair
from interop.rig.profiles import PROFILES
from interop.tests.conftest import SUBJECT
from interop.tests.rig import calls

LIMIT = 60
"""Seconds for anything: some of these links lose a third of what is sent."""
SIZE = 30_000


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


def test_a_call_during_a_cut_is_answered_in_time(world, pair):
  """With an error or, when the link is back soon enough, with its answer; never not at all."""
  world.down()
  begin = time.monotonic()
  call = start_calls(pair, "unary", limit=20)
  time.sleep(1)
  world.up()
  assert called(call) in ({"unary": "hello"}, {"error": "UNAVAILABLE"})
  assert time.monotonic() - begin < 20
