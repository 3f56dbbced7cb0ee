"""Percentiles are latencies that some call had, whichever calls failed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interop.measures.statistics.percentiles import percentiles, rank, rests_on_few


@pytest.mark.parametrize("quantile, count, place", [
  (0.5, 1, 0), (0.5, 2, 0), (0.5, 3, 1), (0.5, 100, 49), (0.99, 100, 98), (0.99, 101, 99), (0.99, 3000, 2969), (0.999, 3000, 2996),
  (0.9, 10, 8), (1.0, 10, 9), (0.0, 10, 0)])
def test_rank_is_the_least_place_that_holds_the_share(quantile, count, place):
  assert rank(quantile, count) == place
  assert quantile == 0 or (place + 1) / count >= quantile - 1e-9
  assert place == 0 or place / count < quantile


def test_a_percentile_is_one_of_the_values_in_any_order():
  source = np.random.default_rng(5)
  values = source.permutation(np.arange(1, 1001, dtype=float))
  assert list(percentiles(values, [0.99, 0.5, 0.9])) == [990, 500, 900]


def test_failed_calls_are_later_than_all_others():
  values = np.array([1.0, math.inf, 2.0, 3.0, math.inf, 4.0, 5.0, 6.0, 7.0, 8.0])
  assert list(percentiles(values, [0.5, 0.8, 0.81])) == [5.0, 8.0, math.inf]


def test_each_row_is_taken_by_itself():
  assert percentiles(np.array([[1.0, 2, 3], [30, 20, 10]]), [0.5, 1.0]).tolist() == [[2, 3], [20, 30]]


def test_nothing_has_no_percentile():
  with pytest.raises(ValueError, match="not one call"):
    percentiles(np.array([]), [0.5])


@pytest.mark.parametrize("quantile, count, few", [
  (0.99, 3000, False), (0.99, 1001, False), (0.99, 999, True), (0.999, 3000, True), (0.5, 20, False), (0.5, 19, True)])
def test_ten_calls_must_be_beyond_a_percentile_that_is_quoted(quantile, count, few):
  assert rests_on_few(quantile, count) is few
