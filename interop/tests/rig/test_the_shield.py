"""Small calls across a link that loses: each end sends again what somebody waits for, the other drops what it has; unless told not to."""

from __future__ import annotations

import re
import urllib.request

import pytest

from interop.clients.grpc_calls import Echo
from interop.lib.pair import Pair
from interop.rig.conditions import Conditions
from interop.rig.profiles import Profile

AUTHORITY = ("grpc.default_authority", "calls.test")
CALLS = 60
LIMIT = 30
CLEAR = Profile.symmetric("clear", "no loss", "this test", Conditions(delay_ms=20))
LOSSY = Profile.symmetric("lossy", "a fifth is lost each way", "this test", Conditions(delay_ms=20, loss=0.2))


def copies(admin_port: int) -> float:
  """What the edge counts of its own copies."""
  text = urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/metrics", timeout=5).read().decode()
  found = re.findall(r"^quicgw_copies_sent_total(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)
  assert found, text
  return sum(map(float, found))


def packets_for_calls(world, services, mode: str, link: Profile) -> tuple[float, int]:
  """The edge's copies and the packets that left the edge while calls were made, all of which must be answered."""
  lines = [f"transport: {{shield: {mode}}}"]
  # From the beginning: a round trip that suddenly takes longer looks like a loss.
  world.change(link)
  with world.edge.enter(), Pair(
      services, subject="quicgw", world=world, admin=True, core_lines=lines, edge_lines=lines) as pair:
    # The first packets of a connection are protected on every link; these calls are not among them.
    with Echo(pair.port, options=[AUTHORITY]) as echo:
      for _ in range(20):
        assert echo.unary(b"hello", timeout=LIMIT) == b"hello"
      before, sent = copies(pair.plan.edge_admin_port), world.counters().forward.sent
      for _ in range(CALLS):
        assert echo.unary(b"hello", timeout=LIMIT) == b"hello"
      found = copies(pair.plan.edge_admin_port) - before, world.counters().forward.sent - sent
    pair.check()
    return found


@pytest.mark.quicgw
def test_a_link_that_loses_has_copies(world, services):
  sent, packets = packets_for_calls(world, services, "auto", LOSSY)
  print(sent, packets)
  assert sent > CALLS / 2
  assert packets >= CALLS + sent * 0.8


@pytest.mark.quicgw
def test_a_link_that_does_not_has_none(world, services):
  sent, packets = packets_for_calls(world, services, "auto", CLEAR)
  print(sent, packets)
  assert sent == 0


@pytest.mark.quicgw
def test_always_means_on_a_clear_link_too(world, services):
  sent, _ = packets_for_calls(world, services, "always", CLEAR)
  assert sent > CALLS / 2


@pytest.mark.quicgw
def test_off_means_off(world, services):
  sent, packets = packets_for_calls(world, services, "off", LOSSY)
  print(sent, packets)
  assert sent == 0
