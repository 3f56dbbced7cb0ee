"""A link that is cut, comes back, blacks out for a time, or does so again and again."""

from __future__ import annotations

import time

from interop.lib.waiting import wait_until
from interop.rig.profiles import Blackouts, Conditions, Profile


def test_down_and_up(world, sight):
  assert sight.look()
  world.down()
  lost_before = world.counters().forward.lost_in_outage
  assert sight.look() is None
  assert world.counters().forward.lost_in_outage == lost_before + 1
  # A cut outlasts a change of profile.
  world.change("lan")
  assert sight.look() is None
  world.up()
  assert sight.look()


def test_a_black_out_ends_by_itself(world, sight):
  begin = time.monotonic()
  world.black_out(1.5)
  assert time.monotonic() - begin < 0.3, "it does not return at once"
  assert sight.look() is None
  wait_until(sight.look, 5, "the link did not come back")
  assert 1.4 < time.monotonic() - begin < 3.5


def test_up_ends_a_black_out(world, sight):
  world.black_out(60)
  assert sight.look() is None
  world.up()
  assert sight.look()


def test_black_outs_that_repeat(world, sight):
  dark = Conditions(blackouts=Blackouts(on_s=0.6, off_s=0.4))
  sight.client.settimeout(0.02)
  world.change(Profile.symmetric("test", "", "", dark))
  begin, answered = time.monotonic(), []
  while time.monotonic() - begin < 2.0:
    at = time.monotonic() - begin
    answered.append((at % 1.0, sight.look() is not None))
    time.sleep(0.01)
  # Away from the edges of the periods, which the time of a command and of an answer moves.
  assert all(came for at, came in answered if 0.1 < at < 0.5)
  assert not any(came for at, came in answered if 0.7 < at < 0.9)


def test_black_outs_at_random(world, sight):
  dark = Conditions(blackouts=Blackouts(on_s=0.15, off_s=0.05, random=True))
  sight.client.settimeout(0.005)
  world.change(Profile.symmetric("test", "", "", dark))
  # By time and not by looks: one that is not answered takes longer.
  seconds = {True: 0.0, False: 0.0}
  begin = now = time.monotonic()
  while now < begin + 6:
    came = sight.look() is not None
    time.sleep(0.002)
    last, now = now, time.monotonic()
    seconds[came] += now - last
  # Both directions carry nine sixteenths of the time; thirty outages each way are few.
  assert 0.35 < seconds[True] / (now - begin) < 0.8
