"""Samples of cost as figures, medians with least and greatest, and their table: beside quicgw's the others' median over it."""

from __future__ import annotations

from ..results import OWN
from ..results.figure import Figure
from ..results.pivot import pivot
from ..results.ranking import ENOUGH, ranked
from ..statistics import repeats
from . import measure, names
from ._sampling import Sample

PROFILE = "loopback"
ABOUT = """Two processes on loopback, mutual TLS between them. Medians of samples taken in turns, in brackets their interval (of fewer than
six: from the least to the greatest), and how many times {own}'s it is.
"""


def figures(samples: list[Sample], subjects: list[str]) -> list[Figure]:
  """A figure for each metric and subject that there are samples of."""
  found: list[Figure] = []
  for name in names():
    for metric, about in measure(name).METRICS.items():
      for subject in subjects:
        chosen = [each for each in samples if (each.measure, each.metric, each.subject) == (name, metric, subject)]
        if chosen:
          good = [each.value for each in chosen if not each.failed]
          estimate = repeats.median(good)
          found.append(Figure(name, PROFILE, "", metric, subject, about.title, about.unit, about.less_is_better,
                              estimate.value, estimate.low, estimate.high, len(good), len(good) >= ENOUGH, len(chosen) - len(good)))
  return ranked(found)


def table(figures: list[Figure], subjects: list[str]) -> str:
  """All of it."""
  own = {(figure.measure, figure.metric): figure.value for figure in figures if figure.subject == OWN}

  def ratio(figure: Figure) -> str:
    base = own.get((figure.measure, figure.metric))
    return f", {figure.value / base:.2f}x {OWN}" if base and figure.subject != OWN else ""

  return ABOUT.format(own=OWN) + "\n" + pivot(figures, subjects, ratio)
