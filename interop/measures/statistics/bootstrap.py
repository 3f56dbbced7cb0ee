"""Intervals of percentiles by block bootstrap.

Calls that are near in time are not independent: one lost packet delays all that wait behind it. So whole stretches of the series are drawn,
with replacement, until a series of the same length is there (circular block bootstrap, Politis and Romano 1992), a thousand times. Where calls
share their luck in long stretches there are few independent ones, and the intervals are a little narrow: in simulations those of 3000 calls
held the true percentile in 90 to 93 % of the series instead of 95 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .estimate import LEVEL, NOTHING, Estimate
from .percentiles import percentiles

RESAMPLES = 1000
CHUNK = 50
"""Resampled series that are held at once: 50 of 100 000 calls are 40 MB."""


def block_length(count: int, at_once: int = 1) -> int:
  """How many calls in a row a block takes: the usual third root, and twice as many as wait at once, since those share their luck.

  At least 20 blocks are left, for a series of few blocks has no variation to show.
  """
  return max(1, min(max(math.ceil(count ** (1 / 3)), 2 * at_once), count // 20))


@dataclass(frozen=True)
class Bootstrap:
  """The percentiles of a series, and those of its resampled likes: an array of (resamples, percentiles)."""

  values: np.ndarray
  resampled: np.ndarray

  @staticmethod
  def of(series: np.ndarray, quantiles: list[float], *, at_once: int = 1, seed: int = 1, resamples: int = RESAMPLES) -> Bootstrap:
    """Resamples a series that is ordered by time."""
    count = len(series)
    source, block = np.random.default_rng(seed), block_length(count, at_once)
    blocks = math.ceil(count / block)
    resampled = np.empty((resamples, len(quantiles)))
    for first in range(0, resamples, CHUNK):
      rows = min(CHUNK, resamples - first)
      starts = source.integers(0, count, size=(rows, blocks, 1))
      places = ((starts + np.arange(block)) % count).reshape(rows, -1)[:, :count]
      resampled[first:first + rows] = percentiles(series[places], quantiles)
    return Bootstrap(percentiles(series, quantiles), resampled)

  def estimate(self, place: int) -> Estimate:
    """The percentile at a place of the list of quantiles."""
    return Estimate(float(self.values[place]), *_interval(self.resampled[:, place]))

  def minus(self, other: Bootstrap, place: int) -> Estimate:
    """How much greater this one's percentile is; both series are independent of each other."""
    if np.isinf(self.values[place]) and np.isinf(other.values[place]):
      return NOTHING
    with np.errstate(invalid="ignore"):
      differences = self.resampled[:, place] - other.resampled[:, place]
      value = float(self.values[place] - other.values[place])
    # Where both resampled series end in failed calls neither is the greater.
    differences = np.where(np.isnan(differences), 0.0, differences)
    return Estimate(value, *_interval(differences))


def _interval(resampled: np.ndarray) -> tuple[float, float]:
  tail = (1 - LEVEL) / 2
  low, high = percentiles(resampled, [tail, 1 - tail])
  return float(low), float(high)
