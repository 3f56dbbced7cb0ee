"""The cross-check sees what differs and does not see what does not."""

from __future__ import annotations

import numpy as np
import pytest

from interop.rig.crosscheck import agreement

LEVEL = 0.998
COUNT = 3000


def series(seed: int, *, loss: float = 0.05, base: float = 100, spread: float = 1, run: int = 1) -> np.ndarray:
  """Round trips of which a share is lost, in runs of that length."""
  source = np.random.default_rng(seed)
  trips = base + source.uniform(0, spread, COUNT)
  for begin in np.flatnonzero(source.random(COUNT) < loss / run):
    trips[begin:begin + run] = np.nan
  return trips


@pytest.mark.parametrize("seed", range(3))
def test_likes_agree(seed):
  one, other = series(seed), series(seed + 100)
  for figure in (agreement.loss, agreement.lost_runs, agreement.percentile(0.5), agreement.percentile(0.99)):
    assert agreement.of_series("", "", figure, one, other, LEVEL).agrees


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("figure, other", [
  (agreement.loss, {"loss": 0.09}), (agreement.lost_runs, {"run": 3}), (agreement.percentile(0.5), {"base": 100.3}),
  (agreement.percentile(0.99), {"spread": 1.3})])
def test_others_do_not(seed, figure, other):
  compared = agreement.of_series("", "", figure, series(seed), series(seed + 100, **other), LEVEL)
  assert not compared.agrees
  assert compared.high < 0, "the sign of the difference"


def test_slack_is_for_what_is_known_to_differ():
  one, other = series(1), series(2, base=101)
  median = agreement.percentile(0.5)
  assert not agreement.of_series("", "", median, one, other, LEVEL, slack=0.5).agrees
  assert agreement.of_series("", "", median, one, other, LEVEL, slack=1.2).agrees


@pytest.mark.parametrize("factor, agrees", [(1, True), (1.8, False), (0.5, False)])
def test_goodput(factor, agrees):
  source = np.random.default_rng(3)
  one, other = (np.exp(source.normal(1, 0.4, 48)) for _ in range(2))
  compared = agreement.of_goodput("", one * factor, other, LEVEL)
  assert compared.agrees is agrees
  assert compared.low < factor < compared.high
