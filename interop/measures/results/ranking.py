"""Verdicts on peers' figures, each beside quicgw's of the same kind."""

from __future__ import annotations

import dataclasses

from ..statistics.comparison import beside
from . import OWN
from .figure import Figure

ENOUGH = 5
"""With fewer repetitions the least and the greatest hold the median in less than 94 %, and it is not judged."""


def ranked(figures: list[Figure]) -> list[Figure]:
  """The figures with what can be said of them beside quicgw's, where both may be judged."""
  own = {figure.key[:4]: figure for figure in figures if figure.subject == OWN and figure.judged}
  return [dataclasses.replace(figure, verdict=beside(figure.estimate, own[figure.key[:4]].estimate, figure.less_is_better))
          if figure.subject != OWN and figure.judged and figure.key[:4] in own else figure
          for figure in figures]
