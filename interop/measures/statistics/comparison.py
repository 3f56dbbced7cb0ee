"""Whether one figure is better than another, beyond what chance explains."""

from __future__ import annotations

import math
from enum import Enum

from .estimate import Estimate


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
  return Verdict.BETTER if (difference.value < 0) == less_is_better else Verdict.WORSE


def beside(figure: Estimate, other: Estimate, less_is_better: bool) -> Verdict:
  """The verdict on a figure beside another that was measured independently of it."""
  return of_difference(difference(figure, other), less_is_better)


def difference(figure: Estimate, other: Estimate) -> Estimate:
  """`figure` minus `other`: the half intervals that face each other add up as independent errors do, by their squares.

  One infinite value is infinitely far away; two are equal.
  """
  if not (figure.known and other.known):
    return Estimate(math.nan, math.nan, math.nan)
  if math.isinf(figure.value) or math.isinf(other.value):
    value = 0.0 if figure.value == other.value else figure.value - other.value
    return Estimate(value, value, value)
  value = figure.value - other.value
  return Estimate(
    value, value - math.hypot(figure.value - figure.low, other.high - other.value),
    value + math.hypot(figure.high - figure.value, other.value - other.low))
