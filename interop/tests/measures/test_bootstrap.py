"""Intervals hold what they say, also where neighbours share their luck."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interop.measures.statistics.bootstrap import Bootstrap, block_length
from interop.measures.statistics.comparison import Verdict, of_difference

SEED = 20240517


def series(source: np.random.Generator, count: int, run: int, *, middle: float = 200.0) -> np.ndarray:
  """Latencies in which one in ten stretches of `run` neighbours is late as a whole, as behind a lost packet."""
  late = np.repeat(source.random(count // run) < 0.1, run)
  return middle + source.exponential(5, len(late)) + 200 * late


def share_of_hits(run: int, at_once: int, quantile: float) -> float:
  """How often the interval holds the true percentile."""
  source = np.random.default_rng(SEED)
  truth = float(np.quantile(series(source, 400_000, run), quantile))
  hits = 0
  for seed in range(150):
    estimate = Bootstrap.of(series(source, 3000, run), [quantile], at_once=at_once, seed=seed, resamples=200).estimate(0)
    hits += estimate.low <= truth <= estimate.high
  return hits / 150


@pytest.mark.parametrize("run, at_once", [(1, 1), (8, 8)])
def test_the_interval_holds_the_true_percentile_as_often_as_it_says(run, at_once):
  # 90 to 95 %, of 150 series: less than 86 % would be a chance of one in twenty at 90 %, and of none at 95 %.
  assert share_of_hits(run, at_once, 0.8) >= 0.86


def test_single_calls_instead_of_blocks_would_promise_too_much():
  source = np.random.default_rng(SEED)
  one = series(source, 1000, 25)
  alone = Bootstrap.of(one, [0.93], at_once=1, seed=1).estimate(0)
  blocks = Bootstrap.of(one, [0.93], at_once=25, seed=1).estimate(0)
  assert block_length(1000, 25) == 50 and block_length(1000, 1) == 10
  assert blocks.high - blocks.low >= alone.high - alone.low


def test_the_value_is_that_of_the_series_and_lies_in_the_interval():
  values = np.arange(1.0, 1001)
  np.random.default_rng(1).shuffle(values)
  estimate = Bootstrap.of(values, [0.99], seed=3).estimate(0)
  assert estimate.value == 990
  assert 960 < estimate.low < 990 < estimate.high <= 1000


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
  values = np.random.default_rng(2).exponential(1, 500)
  intervals = [Bootstrap.of(values, [0.9], seed=seed).estimate(0) for seed in (7, 7, 8)]
  assert intervals[0] == intervals[1] != intervals[2]


@pytest.mark.parametrize("more, verdict", [(0.0, Verdict.SAME), (10.0, Verdict.WORSE), (-10.0, Verdict.BETTER)])
def test_a_difference_is_seen_when_there_is_one(more, verdict):
  source = np.random.default_rng(SEED)
  own = Bootstrap.of(series(source, 2000, 4), [0.5], at_once=4, seed=1)
  other = Bootstrap.of(series(source, 2000, 4, middle=200 + more), [0.5], at_once=4, seed=2)
  difference = other.minus(own, 0)
  assert difference.low < difference.value < difference.high
  assert abs(difference.value - more) < 1
  assert of_difference(difference, less_is_better=True) is verdict


def test_failed_calls_make_a_percentile_infinite_and_worse():
  good = Bootstrap.of(np.full(1000, 200.0), [0.5, 0.99], seed=1)
  bad = Bootstrap.of(np.where(np.arange(1000) % 20 == 0, math.inf, 200.0), [0.5, 0.99], seed=1)
  assert bad.estimate(0).value == 200 and bad.estimate(1).value == math.inf
  assert of_difference(bad.minus(good, 1), less_is_better=True) is Verdict.WORSE
  assert of_difference(good.minus(bad, 1), less_is_better=True) is Verdict.BETTER
  assert of_difference(bad.minus(bad, 1), less_is_better=True) is Verdict.UNKNOWN


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21])
def test_short_series_have_blocks_too(count):
  assert 1 <= block_length(count, 64) <= max(1, count // 20)
  estimate = Bootstrap.of(np.arange(float(count)), [0.5], at_once=64, seed=1).estimate(0)
  assert 0 <= estimate.low <= estimate.value <= estimate.high <= count - 1
