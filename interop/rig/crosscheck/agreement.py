"""Whether two links do the same, as far as chance lets one say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

RESAMPLES = 2000
BLOCK = 25
"""Pings that are drawn together: losses and waits come in stretches of the link's memory."""


@dataclass(frozen=True)
class Comparison:
  """A figure on both links, and the interval of what separates them."""

  title: str
  unit: str
  userspace: float
  kernel: float
  low: float
  """Of the difference userspace - kernel, or of the quotient, at the level that was asked for."""
  high: float
  allowed: tuple[float, float]
  """What the interval has to meet for the two to agree."""

  @property
  def agrees(self) -> bool:
    return self.low <= self.allowed[1] and self.high >= self.allowed[0]


def of_series(title: str, unit: str, figure: Callable[[np.ndarray], np.ndarray], userspace: np.ndarray, kernel: np.ndarray, level: float,
              slack: float = 0) -> Comparison:
  """Compares a figure of two series in time by a circular block bootstrap.

  figure -- of the last axis of an array of series.
  slack -- how far the two may be apart for reasons that are not the links': what they differ by where only their timers count.
  """
  spread = _resampled(userspace, figure, 1) - _resampled(kernel, figure, 2)
  low, high = np.quantile(spread, [(1 - level) / 2, (1 + level) / 2])
  return Comparison(title, unit, float(figure(userspace)), float(figure(kernel)), float(low), float(high), (-slack, slack))


def of_goodput(title: str, userspace: np.ndarray, kernel: np.ndarray, level: float) -> Comparison:
  """Compares transfers by the quotient of their geometric means: Welch's interval on the logarithms."""
  ours, theirs = np.log(userspace), np.log(kernel)
  errors = [each.var(ddof=1) / len(each) for each in (ours, theirs)]
  freedom = sum(errors) ** 2 / sum(error ** 2 / (len(each) - 1) for error, each in zip(errors, (ours, theirs)))
  # Student's quantile, drawn: good to one in a hundred, and without another library.
  student = np.quantile(np.abs(np.random.default_rng(1).standard_t(freedom, 400_000)), level)
  middle, half = ours.mean() - theirs.mean(), student * np.sqrt(sum(errors))
  figures = (float(np.exp(each)) for each in (ours.mean(), theirs.mean(), middle - half, middle + half))
  return Comparison(title, "Mbit/s", *figures, (1, 1))


def loss(series: np.ndarray) -> np.ndarray:
  """Percent that did not come back."""
  return np.isnan(series).mean(axis=-1) * 100


def percentile(share: float) -> Callable[[np.ndarray], np.ndarray]:
  return lambda series: np.nanquantile(series, share, axis=-1)


def lost_runs(series: np.ndarray) -> np.ndarray:
  """How many in a row did not come back, on average."""
  lost = np.isnan(series)
  begins = lost & ~np.roll(lost, 1, axis=-1)
  return lost.sum(axis=-1) / np.maximum(begins.sum(axis=-1), 1)


def _resampled(series: np.ndarray, figure: Callable[[np.ndarray], np.ndarray], seed: int) -> np.ndarray:
  starts = np.random.default_rng(seed).integers(0, len(series), size=(RESAMPLES, len(series) // BLOCK + 1, 1))
  places = ((starts + np.arange(BLOCK)) % len(series)).reshape(RESAMPLES, -1)[:, :len(series)]
  return figure(series[places])
