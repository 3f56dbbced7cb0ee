"""When a link in the kernel is dead: cut by hand, blacked out for a time, or again and again by its conditions."""

from __future__ import annotations

import random
import threading
import time
from typing import Callable, Sequence

from ..conditions import Blackouts


class Outages:
  """Calls `switch(direction, dead)` when a direction dies or comes back, from a thread of its own or from the caller's."""

  def __init__(self, directions: Sequence[str], switch: Callable[[str, bool], None]) -> None:
    self._switch = switch
    self._dead = dict.fromkeys(directions, False)
    self._repeating: dict[str, _Regular | _Random | None] = dict.fromkeys(directions)
    self._cut = False
    self._black_until = 0.0
    self._changed = threading.Condition(threading.RLock())
    self._running = True
    self._thread = threading.Thread(target=self._run, name="outages", daemon=True)

  def start(self) -> None:
    self._thread.start()

  def repeat(self, direction: str, blackouts: Blackouts | None) -> None:
    """Outages by the conditions, counted from now."""
    with self._changed:
      kind = _Random if blackouts and blackouts.random else _Regular
      self._repeating[direction] = kind(time.monotonic(), blackouts) if blackouts else None
      self._apply()

  def cut(self) -> None:
    with self._changed:
      self._cut = True
      self._apply()

  def mend(self) -> None:
    """Ends a cut and a black-out; those of the conditions go on."""
    with self._changed:
      self._cut, self._black_until = False, 0
      self._apply()

  def black_out(self, seconds: float) -> None:
    with self._changed:
      self._black_until = time.monotonic() + seconds
      self._apply()

  def stop(self) -> None:
    with self._changed:
      self._running = False
      self._changed.notify()
    if self._thread.is_alive():
      self._thread.join(5)

  def _apply(self) -> None:
    now = time.monotonic()
    for direction, was_dead in self._dead.items():
      repeating = self._repeating[direction]
      dead = self._cut or now < self._black_until or bool(repeating and repeating.is_on(now))
      if dead != was_dead:
        self._switch(direction, dead)
        self._dead[direction] = dead
    self._changed.notify()

  def _run(self) -> None:
    with self._changed:
      while self._running:
        self._apply()
        now = time.monotonic()
        turns = [each.next_turn(now) for each in self._repeating.values() if each]
        turns += [self._black_until] if self._black_until > now else []
        self._changed.wait(max(0, min(turns) - time.monotonic()) if turns else None)


class _Regular:
  """Outages of one length at one distance."""

  def __init__(self, since: float, blackouts: Blackouts) -> None:
    self._begin, self._blackouts = since + blackouts.first, blackouts
    self._period = blackouts.on_s + blackouts.off_s

  def is_on(self, now: float) -> bool:
    into = now - self._begin
    return into >= 0 and into % self._period < self._blackouts.off_s

  def next_turn(self, now: float) -> float:
    into = now - self._begin
    if into < 0:
      return self._begin
    begin = now - into % self._period
    return begin + (self._blackouts.off_s if into % self._period < self._blackouts.off_s else self._period)


class _Random:
  """Outages whose lengths and distances are exponentially distributed."""

  def __init__(self, since: float, blackouts: Blackouts) -> None:
    self._blackouts, self._on = blackouts, False
    self._turn = since + random.expovariate(1 / blackouts.on_s)

  def is_on(self, now: float) -> bool:
    while self._turn <= now:
      self._on = not self._on
      self._turn += random.expovariate(1 / (self._blackouts.off_s if self._on else self._blackouts.on_s))
    return self._on

  def next_turn(self, now: float) -> float:
    self.is_on(now)
    return self._turn
