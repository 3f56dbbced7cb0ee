"""Pings across a world suffer what its profile says, within the bounds of chance, and every packet is accounted for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interop.rig.crosscheck.echoes import pings
from interop.rig.profiles import PROFILES, Blackouts, Burst, Conditions, Profile, Rebind, profile
from interop.tests.rig.datagrams import ping

LATE = 15
"""Milliseconds that a busy machine may add to the median round trip."""


def both_ways(conditions: Conditions) -> Profile:
  return Profile.symmetric("test", "of a test", "this test", conditions)


def test_every_profile_can_be_set(world):
  for name in [*PROFILES, *reversed(PROFILES)]:
    world.change(name)
    assert world.profile is profile(name)
  world.change("none")
  assert ping(world, 5).lost == 0


def test_an_unknown_profile_is_one_sentence_with_all_names(world):
  with pytest.raises(ValueError, match="no profile 'lan2'; there are: none, lan, .*qir_amplification"):
    world.change("lan2")


@pytest.mark.parametrize("wrong, word", [
  (lambda: Conditions(loss=1.5), "loss"), (lambda: Conditions(delay_ms=-1), "delay_ms"), (lambda: Conditions(drop_list=(0,)), "drop_list"),
  (lambda: Burst(2, 0.5), "burst.good_to_bad"), (lambda: Blackouts(0, 1), "blackouts.on_s"), (lambda: Conditions(rate_mbit=0), "rate_mbit"),
  (lambda: Rebind("port", -1, 5), "rebind.first_s")])
def test_conditions_that_make_no_sense_are_refused(wrong, word):
  with pytest.raises(ValueError, match=f"^{word}"):
    wrong()


def test_the_headline_profile(world):
  world.change("loss5_200ms")
  trips = pings(world, 1000, 0.004, last_wait_s=0.5)
  # Lost on the way there or on the way back. Four deviations: one run in 16 000 fails by chance, and the userspace link has a fixed seed.
  expected = 1 - 0.95 ** 2
  deviation = math.sqrt(expected * (1 - expected) / len(trips))
  assert abs(np.isnan(trips).mean() - expected) < 4 * deviation
  assert np.nanmin(trips) >= 200
  assert np.nanmedian(trips) < 200 + LATE


def test_losses_in_bursts(world):
  world.change("burst5_200ms")
  before = world.counters().forward
  trips = pings(world, 2000, 0.002, last_wait_s=0.5)
  after = world.counters().forward
  sent, lost = after.sent - before.sent, after.lost + after.lost_in_burst - before.lost - before.lost_in_burst
  assert sent == 2000
  # Bursts of four on average make the count vary about seven times as much as single losses do: (1 + c) / (1 - c), c = 1 - p - r = 0.74.
  assert abs(lost / sent - 0.05) < 4 * math.sqrt(0.05 * 0.95 * 7 / sent)
  begins = np.isnan(trips) & ~np.roll(np.isnan(trips), 1)
  assert np.isnan(trips).sum() / begins.sum() > 2, "the losses come one by one"


def test_jitter_spreads_and_keeps_the_order(world):
  world.change(both_ways(Conditions(delay_ms=40, jitter_ms=20)))
  trips = pings(world, 300, 0.01, last_wait_s=0.5)
  assert not np.isnan(trips).any()
  assert 40 <= trips.min() < 75
  assert 85 < trips.max() < 120 + LATE
  arrivals = trips + np.arange(300) * 10
  # The sender is not exact to the millisecond.
  assert (np.diff(arrivals) > -LATE).all()


def test_a_rate_delays_and_its_queue_overflows(world):
  # 1400 bytes take 11.4 ms at 1 Mbit/s each way. 30 at once: one on the wire, ten wait, the rest has no place.
  world.change(both_ways(Conditions(rate_mbit=1, queue_packets=10)))
  argv = ["ping", "-n", "-c", "30", "-l", "30", "-i", "0.002", "-s", "1400", "-W", "2", world.core.address]
  said = world.edge.run(argv, check=False).stdout
  assert "11 received" in said or "12 received" in said, said
  assert world.counters().forward.lost_in_queue >= 18


def test_numbered_packets_are_dropped(world):
  world.change(Profile("test", "", "", Conditions(drop_list=(2, 3, 5)), Conditions()))
  said = world.edge.run(["ping", "-n", "-c", "6", "-i", "0.05", "-W", "1", world.core.address], check=False).stdout
  assert [number for number in range(1, 7) if f"icmp_seq={number} " in said] == [1, 4, 6]


def test_duplicates_arrive_twice(world):
  world.change(Profile("test", "", "", Conditions(duplicate=1), Conditions()))
  # ping does not wait for the copy of the last.
  assert "4 received, +3 duplicates" in world.edge.run(["ping", "-n", "-c", "4", "-i", "0.05", world.core.address]).stdout


def test_counters_conserve(world):
  world.change(both_ways(Conditions(delay_ms=5, jitter_ms=3, loss=0.1, burst=Burst(0.05, 0.5), duplicate=0.1, corrupt=0.1, reorder=0.1)))
  ping(world, 300, interval=0.002)
  counters = world.counters()
  for direction in (counters.forward, counters.backward):
    assert direction.is_conserved, direction
    assert direction.under_way == 0
    assert direction.sent > 200 and direction.lost + direction.lost_in_burst > 20 and direction.duplicated > 5
    assert direction.bytes_delivered > direction.delivered * 50


def test_nothing_is_on_the_link_that_nobody_sent(world):
  before = world.counters()
  assert ping(world, 7).lost == 0
  assert ping(world, 7, host=world.core.address6).lost == 0
  after = world.counters()
  assert after.forward.sent - before.forward.sent == 14
  assert after.backward.sent - before.backward.sent == 14
