"""Medians of few repetitions, and whether one figure is better than another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interop.measures.statistics import repeats
from interop.measures.statistics.comparison import Verdict, beside, of_counts, of_difference
from interop.measures.statistics.counts import by_chance, counted
from interop.measures.statistics.estimate import NOTHING, Estimate


@pytest.mark.parametrize("count, place", [(1, 0), (2, 0), (5, 0), (8, 0), (9, 1), (20, 5), (30, 9), (100, 39)])
def test_the_interval_of_a_median_is_the_narrowest_that_reaches_95_percent(count, place):
  values = [float(value) for value in range(count)]
  estimate = repeats.median(values)
  assert (estimate.low, estimate.high) == (values[place], values[count - 1 - place])
  if count >= 6:
    assert repeats.coverage(count, place) >= 0.95 > repeats.coverage(count, place + 1)


def test_the_interval_of_twenty_repetitions_holds_the_median_as_often_as_it_says():
  source = np.random.default_rng(11)
  hits = 0
  for _ in range(400):
    estimate = repeats.median(list(source.lognormal(0, 1, 20)))
    hits += estimate.low <= 1.0 <= estimate.high
  assert 0.93 <= hits / 400


def test_what_never_came_counts():
  assert repeats.median([1.0, math.inf, math.inf]).value == math.inf
  assert repeats.median([1.0, 2.0, math.inf]) == Estimate(2.0, 1.0, math.inf)
  assert repeats.median([1.0, 2.0]).value == 1.5
  assert repeats.median([2.0, math.inf]).value == math.inf
  assert not repeats.median([]).known
  with pytest.raises(ValueError):
    repeats.median([1.0, math.nan])


@pytest.mark.parametrize("figure, other, less_is_better, verdict", [
  (Estimate(100, 95, 105), Estimate(200, 190, 210), True, Verdict.BETTER),
  (Estimate(100, 95, 105), Estimate(200, 190, 210), False, Verdict.WORSE),
  (Estimate(200, 190, 210), Estimate(100, 95, 105), True, Verdict.WORSE),
  (Estimate(100, 90, 110), Estimate(112, 102, 122), True, Verdict.SAME),
  (Estimate(100, 90, 110), Estimate(115, 105, 125), True, Verdict.BETTER),
  (Estimate(math.inf, 3, math.inf), Estimate(5, 4, 6), True, Verdict.SAME),
  (Estimate(5, 4, 6), Estimate(math.inf, 3, math.inf), True, Verdict.SAME),
  (Estimate(math.inf, 7, math.inf), Estimate(5, 4, 6), True, Verdict.WORSE),
  (Estimate(5, 4, 6), Estimate(math.inf, 7, math.inf), True, Verdict.BETTER),
  (Estimate(math.inf, math.inf, math.inf), Estimate(5, 4, 6), True, Verdict.WORSE),
  (Estimate(math.inf, math.inf, math.inf), Estimate(5, 4, math.inf), True, Verdict.SAME),
  (Estimate(2, 1, math.inf), Estimate(10, 9, 11), True, Verdict.SAME),
  (Estimate(math.inf, 3, math.inf), Estimate(math.inf, 9, math.inf), True, Verdict.SAME),
  (NOTHING, Estimate(5, 4, 6), True, Verdict.UNKNOWN)])
def test_verdicts_go_by_the_intervals_that_face_each_other(figure, other, less_is_better, verdict):
  assert beside(figure, other, less_is_better) is verdict


def test_the_interval_decides_which_is_better_and_not_the_value():
  # A percentile may lie outside the interval of its resampled likes.
  assert of_difference(Estimate(-1, 2, 5), less_is_better=True) is Verdict.WORSE
  assert of_difference(Estimate(1, -5, -2), less_is_better=True) is Verdict.BETTER
  assert of_difference(Estimate(1, -5, -2), less_is_better=False) is Verdict.WORSE


@pytest.mark.parametrize("count, exposure, other, other_exposure, probability", [
  (4, 3000, 0, 3000, 2 / 16), (0, 100, 6, 100, 2 / 64), (5, 10, 5, 10, 1.0), (0, 10, 0, 10, 1.0),
  # Of four failures three where a third of the calls were: 4 * 2/81 + 1/81, and nothing on the other side is as improbable.
  (3, 100, 1, 200, 9 / 81)])
def test_chance_divides_failures_as_the_exact_binomial_test_says(count, exposure, other, other_exposure, probability):
  assert by_chance(count, exposure, other, other_exposure) == pytest.approx(probability)
  assert by_chance(other, other_exposure, count, exposure) == pytest.approx(probability)


def test_equal_subjects_are_rarely_told_apart_by_their_failures():
  source = np.random.default_rng(3)
  verdicts = [of_counts(*pair) for pair in zip(source.poisson(6, 1000), [3000] * 1000, source.poisson(3, 1000), [1500] * 1000)]
  assert sum(verdict is not Verdict.SAME for verdict in verdicts) <= 60


@pytest.mark.parametrize("count, exposure, other, other_exposure, verdict", [
  (4, 3000, 0, 3000, Verdict.SAME), (0, 3000, 4, 3000, Verdict.SAME), (6, 3000, 0, 3000, Verdict.WORSE), (0, 3000, 6, 3000, Verdict.BETTER),
  (40, 3000, 20, 1500, Verdict.SAME), (40, 3000, 20, 500, Verdict.BETTER), (0, 0, 5, 3000, Verdict.UNKNOWN), (3000, 3000, 0, 3000, Verdict.WORSE)])
def test_failures_are_judged_by_each_ones_own_number_of_calls(count, exposure, other, other_exposure, verdict):
  assert of_counts(count, exposure, other, other_exposure) is verdict


def test_counts_have_the_interval_of_rare_things():
  of_400 = counted(400, 100)
  assert (of_400.low, of_400.value, of_400.high) == pytest.approx((4.0 - 0.392, 4.0, 4.0 + 0.392))
  assert counted(0) == Estimate(0, 0, 0)
  assert beside(counted(0), counted(1), less_is_better=True) is Verdict.SAME
  assert beside(counted(0), counted(10), less_is_better=True) is Verdict.BETTER
