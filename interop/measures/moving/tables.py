"""The table of moving: two lines for each scenario, a column for each subject."""

from __future__ import annotations

import math
from pathlib import Path

from ...loads.download import PAUSE_S
from .. import Settings
from ..results.figure import Figure
from ..results.markdown import number
from ..results.pivot import pivot
from ..statistics.percentiles import rank
from .events import WITHIN_S
from .figures import events
from .job import SETTLE_S, TAIL_S, scenarios

ABOUT = """A client reads a large file over HTTP/1.1 from nginx; after {settle:g} s the edge moves, {repeats} time{s} for each scenario, each time with
gateways that were started for it. What is told is the longest time without a byte that ended after that and began within {within:g} s of it
({pause:g}: none was longer); ∞: lost, which means that the connection ended or was silent when its time was over, {tail:g} s after the event.
Medians, in brackets their interval (of fewer than six: from the least to the greatest), then the 90th percentile and the worst.

"""


def tables(figures: list[Figure], subjects: list[str], settings: Settings, results: Path) -> str:
  """Everything of one profile."""
  text = ABOUT.format(settle=SETTLE_S, tail=TAIL_S, repeats=settings.repeats, s="s" * (settings.repeats > 1), pause=PAUSE_S, within=WITHIN_S)
  text += pivot(figures, subjects, lambda figure: _tail(results, figure) if figure.metric == "stall" else "")
  failed = [f"- {subject}, {scenario.title}, {each.repeat + 1}: {each.failure}\n" for scenario in scenarios() for subject in subjects
            for each in events(results, subject, scenario.name) if each.failure]
  return text + ("\nDownloads that were lost or could not be measured:\n\n" + "".join(failed) if failed else "")


def _tail(results: Path, figure: Figure) -> str:
  stalls = sorted(each.stall_s for each in events(results, figure.subject, figure.cell) if not math.isnan(each.stall_s))
  return f", P90 {number(stalls[rank(0.9, len(stalls))])}, worst {number(stalls[-1])}" if len(stalls) > 1 else ""
