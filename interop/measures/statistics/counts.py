"""Counts of rare or independent things, such as packets and failures, for each of something."""

from __future__ import annotations

import math

from .estimate import Estimate

WIDTH = 1.96
"""Standard deviations on either side that hold 95 %."""


def counted(count: int, scale: float = 1) -> Estimate:
  """`count` for each of `scale`, with the interval of a Poisson count: its standard deviation is its root."""
  half = WIDTH * math.sqrt(count)
  return Estimate(count / scale, max(0.0, count - half) / scale, (count + half) / scale)
