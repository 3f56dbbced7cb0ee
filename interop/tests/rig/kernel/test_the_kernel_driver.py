"""The driver for kernels with netem, whole in a user-mode Linux that has it: profiles are set and read back, and packets suffer them."""

from __future__ import annotations

import dataclasses
import math
import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from interop.rig.crosscheck.driver_inside import ADDRESSES
from interop.rig.crosscheck.machine import Machine
from interop.rig.profiles import PROFILES, Blackouts, Burst, Conditions

FAR = ADDRESSES.core[0]
FLOOD = """import socket, sys
s = socket.socket(type=socket.SOCK_DGRAM)
print(sum(s.sendto(bytes(1400), (sys.argv[1], 9)) == 1400 for _ in range(30)))"""


class Driver:
  """The driver in its machine, by the commands of interop.rig.crosscheck.driver_inside."""

  def __init__(self, machine: Machine) -> None:
    self._machine = machine

  def set(self, forward: Conditions, backward: Conditions = Conditions()) -> None:
    self._machine.ask(do="set", forward=dataclasses.asdict(forward), backward=dataclasses.asdict(backward))

  def do(self, what: str, **more: object) -> dict:
    return self._machine.ask(do=what, **more)

  def run(self, where: str, *argv: object) -> str:
    return self._machine.ask(120, do="run", where=where, argv=[str(part) for part in argv])["stdout"]

  def ping(self, count: int, interval: float = 0.02) -> dict[int, float]:
    """Number → round trip in milliseconds of those that came back."""
    said = self.run("near", "ping", "-n", "-c", count, "-i", interval, "-W", 1, FAR)
    return {int(number): float(time_ms) for number, time_ms in re.findall(r"icmp_seq=(\d+) .*?time=([\d.]+) ms", said)}

  def told(self, device: str) -> str:
    """What tc shows of a device."""
    return self.run("wan", "tc", "qdisc", "show", "dev", device)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
  with tempfile.TemporaryDirectory(prefix="interop-uml-") as folder:
    machine = Machine("interop.rig.crosscheck.driver_inside", Path(folder))
    yield Driver(machine)
    machine.stop()


@pytest.fixture(autouse=True)
def _calm(driver: Driver) -> None:
  driver.do("up")
  driver.do("set", profile="none")


def test_it_is_chosen_where_the_kernel_has_netem(driver):
  assert driver.do("choose") == {"driver": "netem"}


def test_every_profile_is_set_and_read_back(driver):
  for name, profile in PROFILES.items():
    driver.do("set", profile=name)
    for conditions, (first, second) in ((profile.forward, ("middle1", "coreport")), (profile.backward, ("middle2", "edgeport"))):
      losses, delays = driver.told(first), driver.told(second)
      _expect(conditions.loss > 0, f"loss {conditions.loss * 100:g}%", losses, name)
      _expect(conditions.burst is not None, "loss gemodel", losses, name)
      _expect(conditions.corrupt > 0, f"corrupt {conditions.corrupt * 100:g}%", losses, name)
      _expect(conditions.rate_mbit is not None, "qdisc tbf 10:", losses, name)
      _expect(conditions.queue_packets is not None, f"limit {conditions.queue_packets}p", losses, name)
      _expect(conditions.queue_bytes is not None, "qdisc bfifo 200:", losses, name)
      _expect(conditions.delay_ms >= 1, f"delay {conditions.delay_ms:g}ms", delays, name)
      _expect(conditions.jitter_ms > 0, "rate 100Gbit", delays, name)


def _expect(wanted: bool, words: str, told: str, name: str) -> None:
  assert (words in told) == wanted, f"{name}: {words!r} is {'not ' if wanted else ''}in\n{told}"


def test_without_impairment_nothing_happens(driver):
  found = driver.ping(50, 0.005)
  assert len(found) == 50 and statistics.median(found.values()) < 5


def test_the_headline_profile(driver):
  driver.do("set", profile="loss5_200ms")
  found = driver.ping(500, 0.005)
  expected = 0.95 ** 2
  assert abs(len(found) / 500 - expected) < 4 * math.sqrt(expected * (1 - expected) / 500)
  assert 200 <= min(found.values()) and statistics.median(found.values()) < 215


def test_bursts_lose_their_average(driver):
  driver.set(Conditions(burst=Burst(good_to_bad=0.05, bad_to_good=0.25)))
  before = driver.do("counters")["forward"]
  driver.ping(1000, 0.002)
  after = driver.do("counters")["forward"]
  lost, sent = after["lost"] - before["lost"], after["sent"] - before["sent"]
  assert abs(lost / sent - 1 / 6) < 4 * math.sqrt(5 / 36 * 6 / sent)


def test_jitter_spreads_and_keeps_the_order(driver):
  driver.set(Conditions(delay_ms=50, jitter_ms=40))
  said = driver.run("near", "ping", "-n", "-c", 200, "-i", 0.005, "-W", 2, FAR)
  order = [int(number) for number in re.findall(r"icmp_seq=(\d+)", said)]
  times = [float(each) for each in re.findall(r"time=([\d.]+)", said)]
  assert order == sorted(order) and len(order) == 200
  # A packet waits for those before it, so that with little time between them most take the longer ways.
  assert min(times) < 70 and 80 < max(times) < 105


def test_stragglers_are_overtaken(driver):
  driver.set(Conditions(delay_ms=10, jitter_ms=2, reorder=0.2, reorder_delay_ms=30))
  found = driver.ping(200, 0.01)
  late = [time for time in found.values() if time > 35]
  assert len(found) == 200
  assert abs(len(late) / 200 - 0.2) < 4 * math.sqrt(0.2 * 0.8 / 200)
  assert all(38 < time < 100 for time in late)


def test_a_rate_delays_and_its_queue_overflows(driver):
  driver.set(Conditions(rate_mbit=1, queue_packets=10))
  before = driver.do("counters")["forward"]
  # A Python in a starved machine inside a busy one does not always get as far as that.
  sent = ""
  for _ in range(3):
    if sent := driver.run("near", sys.executable, "-c", FLOOD, FAR).strip():
      break
  assert sent == "30", "the flood has not left"
  for _ in range(40):
    driver.run("near", "sleep", 0.3)
    after = driver.do("counters")["forward"]
    delivered, lost = (after[each] - before[each] for each in ("delivered", "lost_in_queue"))
    if delivered + lost == 30:
      break
  # Two fit into the bucket at once, ten wait, and one or two go while they come; more where the machine is slow to send.
  assert delivered + lost == 30 and delivered >= 12 and lost >= 10


def test_from_a_queue_of_packets_to_one_of_bytes_and_back(driver):
  queues = [{"queue_bytes": 50_000}, {"queue_packets": 7}, {"queue_bytes": 9_000}]
  for conditions in [*(Conditions(rate_mbit=10, **each) for each in queues), Conditions(), Conditions(rate_mbit=20)]:
    driver.set(conditions, conditions)
    assert len(driver.ping(5)) == 5


def test_numbered_packets_are_dropped(driver):
  driver.set(Conditions(drop_list=(2, 3, 5)))
  assert sorted(driver.ping(6)) == [1, 4, 6]


def test_duplicates_and_damage(driver):
  driver.set(Conditions(duplicate=1))
  # ping does not wait for the copy of the last.
  assert "+3 duplicates" in driver.run("near", "ping", "-n", "-c", 4, "-i", 0.05, FAR)
  driver.set(Conditions(corrupt=1))
  assert len(driver.ping(20)) < 10


def test_outages(driver):
  driver.do("down")
  assert not driver.ping(3)
  driver.do("up")
  assert len(driver.ping(3)) == 3
  driver.do("black_out", seconds=1)
  assert not driver.ping(3)
  driver.run("near", "sleep", 1.5)
  assert len(driver.ping(3)) == 3
  driver.set(Conditions(blackouts=Blackouts(on_s=1, off_s=1)))
  assert 30 < len(driver.ping(100, 0.04)) < 70


def test_counters_conserve(driver):
  conditions = Conditions(delay_ms=5, jitter_ms=3, loss=0.1, rate_mbit=10, queue_packets=20, drop_list=(3, 4))
  driver.set(conditions, conditions)
  before = driver.do("counters")
  driver.ping(300, 0.005)
  after = driver.do("counters")
  for way in ("forward", "backward"):
    change = {name: after[way][name] - before[way][name] for name, value in after[way].items() if value is not None}
    gone = change["delivered"] + change["lost"] + change["lost_in_outage"] + change["lost_in_queue"]
    assert change["sent"] + change["duplicated"] == gone and after[way]["under_way"] == 0
    assert change["lost"] > 10
