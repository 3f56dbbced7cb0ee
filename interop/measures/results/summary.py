"""The first thing that a table says: where a peer is better, and where nothing can be said because something failed."""

from __future__ import annotations

import math

from ..statistics.comparison import Verdict
from ..statistics.estimate import LEVEL
from . import OWN
from .figure import Figure
from .markdown import number, table


def summary(figures: list[Figure]) -> str:
  """How many verdicts there are, and every figure in which a peer is better than quicgw beyond the interval of the difference."""
  compared = [figure for figure in figures if figure.verdict is not Verdict.UNKNOWN]
  lines = []
  if compared:
    counts = {verdict: sum(figure.verdict is verdict for figure in compared) for verdict in Verdict}
    lines.append(f"Beside peers, {len(compared)} figures: {OWN} is better in {counts[Verdict.WORSE]}, a peer in {counts[Verdict.BETTER]}, "
                 f"in {counts[Verdict.SAME]} the difference is within its interval. What rests on too little is not judged. "
                 f"If nothing differed at all, about {(1 - LEVEL) * len(compared):.1f} of {len(compared)} comparisons at {LEVEL * 100:g} % would "
                 "be called better or worse by chance alone.\n")
    if counts[Verdict.BETTER]:
      lines.append(f"## Where a peer is better\n\n{_better(figures)}")
  if failed := sorted({_failed(figure) for figure in figures if math.isnan(figure.value) or figure.missing}):
    lines.append("\n".join(["## What failed, wholly or in part\n", *failed, ""]))
  return "\n".join(lines)


def _failed(figure: Figure) -> str:
  what = f"- {figure.measure} on {figure.profile}"
  if math.isnan(figure.value):
    return f"{what}: {figure.subject}"
  return f"{what}{f', {figure.cell}' if figure.cell else ''}: {figure.subject}, {figure.count} of {figure.count + figure.missing} measured"


def _better(figures: list[Figure]) -> str:
  """A line for each figure, with all peers that are better in it, the best one first."""
  own = {figure.key[:4]: figure for figure in figures if figure.subject == OWN}
  peers: dict[tuple[str, str, str, str], list[Figure]] = {}
  for figure in figures:
    if figure.verdict is Verdict.BETTER:
      peers.setdefault(figure.key[:4], []).append(figure)
  lines = []
  for key, better in peers.items():
    better.sort(key=lambda figure: figure.value if figure.less_is_better else -figure.value)
    lines.append([f"{key[0]} on {key[1]}: {better[0].title}, {better[0].unit}", number(own[key].value),
                  ", ".join(f"{figure.subject} {number(figure.value)}" for figure in better)])
  return table(["", OWN, "peers"], lines)
