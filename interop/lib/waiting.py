"""Waits with a limit: nothing in this folder may hang."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

Value = TypeVar("Value")


class TookTooLong(AssertionError):
  """What was waited for did not come within its limit."""


def wait_until(condition: Callable[[], Value], limit: float, otherwise: str, *, every: float = 0.02,
               unless: Callable[[], None] | None = None) -> Value:
  """The condition's first true value.

  limit -- seconds; after them TookTooLong says `otherwise`.
  unless -- called between tries; it may raise because waiting has become useless.
  """
  end = time.monotonic() + limit
  while True:
    value = condition()
    if value:
      return value
    if unless:
      unless()
    if time.monotonic() > end:
      raise TookTooLong(f"{otherwise} within {limit:g} s")
    time.sleep(every)
