"""Verdicts on peers' figures, each beside quicgw's of the same kind."""

from __future__ import annotations

import dataclasses

from ..statistics.comparison import Verdict, beside, of_counts
from ..statistics.counts import FAILED
from . import OWN
from .figure import Figure

ENOUGH = 5
"""With fewer repetitions the least and the greatest hold the median in less than 94 %, and it is not judged."""


def judge(figure: Figure, other: Figure) -> Verdict:
  """On a figure beside another of its kind. Failed calls are few, and an interval says too much of them: chance itself is asked."""
  if figure.metric == FAILED and figure.estimate.known and other.estimate.known:
    return of_counts(round(figure.value), figure.count, round(other.value), other.count)
  return beside(figure.estimate, other.estimate, figure.less_is_better)


def ranked(figures: list[Figure]) -> list[Figure]:
  """The figures with what can be said of them beside quicgw's, where both may be judged."""
  own = {figure.key[:4]: figure for figure in figures if figure.subject == OWN and figure.judged}
  return [dataclasses.replace(figure, verdict=judge(figure, own[figure.key[:4]]))
          if figure.subject != OWN and figure.judged and figure.key[:4] in own else figure
          for figure in figures]
