"""The median of a few repetitions and its interval, without an assumption about how they are distributed."""

from __future__ import annotations

import math
from typing import Sequence

from .estimate import LEVEL, NOTHING, Estimate


def median(values: Sequence[float]) -> Estimate:
  """The median and the narrowest pair of order statistics around it that holds it with 95 %.

  Fewer than six values cannot reach that: their interval is from the least to the greatest, which holds the median of five with 94 %, of
  three with 75 %. Infinite values (what never came) are as good as any; NaN is refused.
  """
  if any(math.isnan(value) for value in values):
    raise ValueError("a repetition without a value cannot be part of a median")
  ordered = sorted(values)
  count = len(ordered)
  if not count:
    return NOTHING
  middle = count // 2
  if count % 2 or math.isinf(ordered[middle]):
    value = ordered[middle]
  else:
    value = (ordered[middle - 1] + ordered[middle]) / 2
  place = _outer(count)
  return Estimate(value, ordered[place], ordered[count - 1 - place])


def coverage(count: int, place: int) -> float:
  """How probably the median lies between the values at `place` from below and from above (0-based) of `count`."""
  return 1 - 2 * sum(math.comb(count, below) for below in range(place + 1)) / 2 ** count


def _outer(count: int) -> int:
  place = 0
  while 2 * (place + 1) < count - 1 and coverage(count, place + 1) >= LEVEL:
    place += 1
  return place
