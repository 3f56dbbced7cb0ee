"""Whether one figure is better than another, beyond what chance explains."""

from __future__ import annotations

import math
from enum import Enum

from .counts import by_chance
from .estimate import LEVEL, Estimate


class Verdict(Enum):
  """What can be said of a figure beside another."""

  BETTER = "better"
  WORSE = "worse"
  SAME = "same"
  """The difference is within the interval."""
  UNKNOWN = ""
  """One of the two is missing."""


def of_difference(difference: Estimate, less_is_better: bool) -> Verdict:
  """The verdict on a figure by its difference to another one, with the interval of that difference."""
  if not difference.known:
    return Verdict.UNKNOWN
  if difference.low <= 0 <= difference.high:
    return Verdict.SAME
  return Verdict.BETTER if (difference.high < 0) == less_is_better else Verdict.WORSE


def of_counts(count: int, exposure: float, other: int, other_exposure: float) -> Verdict:
  """The verdict on how often something bad happened beside how often it happened to another, each exposed to it so many times."""
  if not (exposure and other_exposure):
    return Verdict.UNKNOWN
  if by_chance(count, exposure, other, other_exposure) >= 1 - LEVEL:
    return Verdict.SAME
  return Verdict.BETTER if count / exposure < other / other_exposure else Verdict.WORSE


def beside(figure: Estimate, other: Estimate, less_is_better: bool) -> Verdict:
  """The verdict on a figure beside another that was measured independently of it."""
  return of_difference(difference(figure, other), less_is_better)


def difference(figure: Estimate, other: Estimate) -> Estimate:
  """`figure` minus `other`: the half intervals that face each other add up as independent errors do, by their squares.

  Where a value is infinite there is no half interval to add: the ends are those of two values anywhere in their intervals, so that only
  intervals that do not overlap differ.
  """
  if not (figure.known and other.known):
    return Estimate(math.nan, math.nan, math.nan)
  if math.isinf(figure.value) or math.isinf(other.value):
    return Estimate(*(_minus(*ends) for ends in ((figure.value, other.value), (figure.low, other.high), (figure.high, other.low))))
  value = figure.value - other.value
  return Estimate(
    value, value - math.hypot(figure.value - figure.low, other.high - other.value),
    value + math.hypot(figure.high - figure.value, other.value - other.low))


def _minus(one: float, other: float) -> float:
  """What never came is as far away as what never came."""
  return 0.0 if one == other else one - other
