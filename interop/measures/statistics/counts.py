"""Counts of rare or independent things, such as packets and failures, for each of something."""

from __future__ import annotations

import math

from .estimate import Estimate

FAILED = "failed"
"""The metric of a figure whose value is the number of calls that failed, of its `count`."""
WIDTH = 1.96
"""Standard deviations on either side that hold 95 %."""


def by_chance(count: int, exposure: float, other: int, other_exposure: float) -> float:
  """How probably chance divides so many things at least as unevenly between two that are equally prone to them, each exposed so much.

  The exact conditional test, two-sided: given how many there are together, one's share of them is binomial. Failures that come in bursts
  are fewer independent ones than they are counted as, and are less probable by chance than they seem here.
  """
  whole, share = count + other, exposure / (exposure + other_exposure)
  probabilities = [_binomial(place, whole, share) for place in range(whole + 1)]
  # As probable as what was seen, though floating point may have it differ in the last places.
  return min(1.0, sum(each for each in probabilities if each <= probabilities[count] * (1 + 1e-9)))


def _binomial(place: int, whole: int, share: float) -> float:
  ways = math.lgamma(whole + 1) - math.lgamma(place + 1) - math.lgamma(whole - place + 1)
  return math.exp(ways + place * math.log(share) + (whole - place) * math.log1p(-share))


def counted(count: int, scale: float = 1) -> Estimate:
  """`count` for each of `scale`, with the interval of a Poisson count: its standard deviation is its root."""
  half = WIDTH * math.sqrt(count)
  return Estimate(count / scale, max(0.0, count - half) / scale, (count + half) / scale)
