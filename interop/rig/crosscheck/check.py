"""The cross-check: the same pings and transfers through quicgw-link and through the netem of a user-mode Linux, and whether they agree."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import Iterator

import numpy as np

from ..profiles import PROFILES, Conditions, Profile
from ..world import World
from . import agreement
from .agreement import Comparison
from .echoes import pings
from .transfers import transfers
from .uml_link import UmlLink

BARE = Profile.symmetric("50 ms", "nothing but delay", "the cross-check", Conditions(delay_ms=50))
"""What the two links differ by here is how late their timers are, user-mode Linux's by up to a tick of 4 ms and more on a busy machine. It is
measured before each profile; so much as they ever differ there their round trips may differ."""
PINGED = ("loss1_100ms", "loss5_200ms", "burst5_200ms", "lte", "poor_wifi")
TRANSFERRED = ("loss1_100ms", "loss5_200ms")
INTERVAL_S = 0.005
RATE_MBIT = 50
"""Of the transfers' link both ways, with the usual queue: without one, bbr would measure how fast user-mode Linux is."""
STREAMS = {"cubic": 16, "bbr": 1}
"""Connections at once. Cubic's are limited by loss, each for itself, so that they are as good as transfers one after the other."""
FIGURES = {"P50": 0.5, "P90": 0.9, "P99": 0.99}
LEVEL = 0.95
"""That all intervals together hold, so that a run in twenty disagrees by chance."""


@dataclass(frozen=True)
class Effort:
  """How much is measured."""

  pings: int
  repeats: dict[str, int]
  """Of the transfers, by their congestion control."""
  seconds: float
  """That each transfer lasts."""


WHOLE = Effort(3000, {"cubic": 3, "bbr": 8}, 15)
QUICK = Effort(1000, {"cubic": 2, "bbr": 5}, 6)
Measured = dict[tuple[str, ...], np.ndarray]


def run(effort: Effort) -> int:
  """Measures both links in turns, prints the table; the exit status."""
  print("measuring quicgw-link, then netem in user-mode Linux", file=sys.stderr)
  begin = time.monotonic()
  userspace, kernel = (_measure(driver, effort) for driver in ("tun", UmlLink))
  compared = list(_compare(userspace, kernel))
  print(_table(compared))
  print("\nHow late they are, from nothing but 50 ms each way: " + "; ".join(
    f"{name} {_lateness(found)}" for name, found in (("quicgw-link", userspace), ("netem in user-mode Linux", kernel))))
  apart = [each for each in compared if not each.agrees]
  print(f"\n{len(compared) - len(apart)} of {len(compared)} figures agree; all intervals together hold {LEVEL:.0%}. "
        f"It took {(time.monotonic() - begin) / 60:.0f} min.")
  for each in apart:
    print(f"apart: {each.title}")
  return 1 if apart else 0


def _measure(driver: object, effort: Effort) -> Measured:
  found: Measured = {}
  with World(BARE, driver=driver) as world:
    for name in PINGED:
      print(f"{world}: pings of {name}", file=sys.stderr, flush=True)
      for what, profile in (("bare", BARE), ("pings", PROFILES[name])):
        world.change(profile)
        found[what, name] = pings(world, effort.pings, INTERVAL_S)
    for name in TRANSFERRED:
      world.change(_with_rate(PROFILES[name]))
      for control, streams in STREAMS.items():
        print(f"{world}: {control}", file=sys.stderr, flush=True)
        found[name, control] = np.concatenate([transfers(world, control, streams, effort.seconds) for _ in range(effort.repeats[control])])
  return found


def _lateness(found: Measured) -> str:
  series = np.concatenate([found["bare", name] for name in PINGED])
  return ", ".join(f"P{share * 100:g} {agreement.percentile(share)(series) - 100:.2f} ms" for share in FIGURES.values())


def _with_rate(profile: Profile) -> Profile:
  forward, backward = (replace(each, rate_mbit=RATE_MBIT) for each in (profile.forward, profile.backward))
  return replace(profile, name=f"{profile.name} at {RATE_MBIT} Mbit/s", forward=forward, backward=backward)


def _compare(userspace: Measured, kernel: Measured) -> Iterator[Comparison]:
  # Bonferroni: each interval holds so much more that all of them together hold LEVEL.
  count = len(PINGED) * (2 + len(FIGURES)) + len(TRANSFERRED) * len(STREAMS)
  level = 1 - (1 - LEVEL) / count
  slack = {title: max(_apart(userspace, kernel, name, share, level) for name in PINGED) for title, share in FIGURES.items()}
  for name in PINGED:
    series = userspace["pings", name], kernel["pings", name]
    yield agreement.of_series(f"{name}: pings lost", "%", agreement.loss, *series, level)
    yield agreement.of_series(f"{name}: lost in a row", "", agreement.lost_runs, *series, level)
    for title, share in FIGURES.items():
      figure = agreement.percentile(share)
      yield agreement.of_series(f"{name}: RTT {title}", "ms", figure, *series, level, slack[title])
  for name in TRANSFERRED:
    for control in STREAMS:
      yield agreement.of_goodput(f"{name}: goodput of {control}", userspace[name, control], kernel[name, control], level)


def _apart(userspace: Measured, kernel: Measured, name: str, share: float, level: float) -> float:
  """How far a percentile may lie apart where only the timers count."""
  bare = agreement.of_series("", "ms", agreement.percentile(share), userspace["bare", name], kernel["bare", name], level)
  return max(abs(bare.low), abs(bare.high))


def _table(compared: list[Comparison]) -> str:
  lines = ["| | quicgw-link | netem | difference or quotient | may be | |", "|---|---|---|---|---|---|"]
  for each in compared:
    low, high = each.allowed
    allowed = f"{low:.3g}" if low == high else f"{low:.2g} to {high:.2g}"
    lines.append(f"| {each.title} {each.unit} | {each.userspace:.5g} | {each.kernel:.5g} | {each.low:.3g} to {each.high:.3g} | {allowed} | "
                 f"{'agrees' if each.agrees else '**apart**'} |")
  return "\n".join(lines)
