"""When a link in the kernel is dead: cut by hand, blacked out for a time, or again and again by its conditions."""

from __future__ import annotations

import threading
import time
from typing import Callable, Sequence

from ..conditions import Blackouts


class Outages:
  """Calls `switch(direction, dead)` when a direction dies or comes back, from a thread of its own or from the caller's."""

  def __init__(self, directions: Sequence[str], switch: Callable[[str, bool], None]) -> None:
    self._switch = switch
    self._dead = dict.fromkeys(directions, False)
    self._repeating: dict[str, tuple[float, Blackouts] | None] = dict.fromkeys(directions)
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
      self._repeating[direction] = (time.monotonic(), blackouts) if blackouts else None
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
      dead = self._cut or now < self._black_until or _within(self._repeating[direction], now)
      if dead != was_dead:
        self._switch(direction, dead)
        self._dead[direction] = dead
    self._changed.notify()

  def _run(self) -> None:
    with self._changed:
      while self._running:
        self._apply()
        now = time.monotonic()
        turns = [_next_turn(each, now) for each in self._repeating.values() if each]
        turns += [self._black_until] if self._black_until > now else []
        self._changed.wait(max(0, min(turns) - time.monotonic()) if turns else None)


def _within(repeating: tuple[float, Blackouts] | None, now: float) -> bool:
  if not repeating:
    return False
  since, blackouts = repeating
  into = now - since - blackouts.first
  return into >= 0 and into % (blackouts.on_s + blackouts.off_s) < blackouts.off_s


def _next_turn(repeating: tuple[float, Blackouts], now: float) -> float:
  since, blackouts = repeating
  into = now - since - blackouts.first
  if into < 0:
    return since + blackouts.first
  period = blackouts.on_s + blackouts.off_s
  begin = now - into % period
  return begin + (blackouts.off_s if into % period < blackouts.off_s else period)
