"""Percentiles as order statistics: always a latency that some call had, and defined where failed calls count as infinitely late."""

from __future__ import annotations

import math

import numpy as np

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
"""Name → share of calls that were at most so late."""
FEW = 10
"""A percentile with fewer calls than this above it is hardly more than a look at the worst of them."""


def rank(quantile: float, count: int) -> int:
  """The 0-based place in sorted order: the least value that a share of `quantile` does not exceed."""
  if not count:
    raise ValueError("no percentile of nothing: there is not one call")
  # 0.999 * 3000 is 2997.0000000000005 in floating point, which would be rounded up one too far.
  return min(max(math.ceil(round(quantile * count, 9)) - 1, 0), count - 1)


def percentiles(values: np.ndarray, quantiles: list[float]) -> np.ndarray:
  """The percentiles of the last axis: an array with one more for each quantile, in their order."""
  ranks = [rank(quantile, values.shape[-1]) for quantile in quantiles]
  return np.partition(values, sorted(set(ranks)), axis=-1)[..., ranks]


def rests_on_few(quantile: float, count: int) -> bool:
  """Whether fewer than FEW calls lie above the percentile, so that it should not be quoted."""
  return count - 1 - rank(quantile, count) < FEW
