"""A figure with what is known of it: the value and the ends of its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
  """A value between `low` and `high`; infinite where failed calls reach, NaN where nothing can be said."""

  value: float
  low: float
  high: float

  @property
  def known(self) -> bool:
    """Whether there is a value at all."""
    return not math.isnan(self.value)


NOTHING = Estimate(math.nan, math.nan, math.nan)
