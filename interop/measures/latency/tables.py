"""The latency table: a part for each cell, a line for each subject."""

from __future__ import annotations

from ...loads.own_lateness import LIMIT_MS
from .. import Settings
from ..results import OWN
from ..results.figure import Figure
from ..results.markdown import cell as with_interval
from ..results.markdown import number, table
from ..statistics.percentiles import QUANTILES, rests_on_few
from .cells import DEADLINE_S, MANY, RATE, Cell, cells
from .figures import Difference

DIFFERENCES = ("p50", "p99")
ABOUT = f"""gRPC unary calls by grpcio over one channel, echoed by nghttpd in the core; ms from sending (closed loop) or from the time at which
the call should have been sent (open loop, {RATE:g}/s) to the answer. Connections were made before the first call. Cells of {MANY} callers take
turns. In brackets 95 % intervals by circular block bootstrap. A failed call, or one without answer within {DEADLINE_S:g} s, counts as infinitely
late. `~`: fewer than ten calls are beyond that percentile; it is not to be quoted, and nothing is said to be better by it. Packets are those
that were sent onto the link, for each call. Of failed calls one subject has more than another where the exact binomial test says so. "Beside
{OWN}" is the peer's percentile minus {OWN}'s.
"""


def tables(figures: list[Figure], differences: list[Difference], subjects: list[str], settings: Settings) -> str:
  """Everything of one profile."""
  return ABOUT + "\n" + "\n".join(_cell(figures, differences, subjects, cell) for cell in cells(settings))


def _cell(figures: list[Figure], differences: list[Difference], subjects: list[str], cell: Cell) -> str:
  by = {(figure.subject, figure.metric): figure for figure in figures if figure.cell == cell.name}
  beside = {(each.peer, each.metric): each.milliseconds for each in differences if each.cell == cell.name}
  lines = []
  for subject in subjects:
    first = by[subject, "p50"]
    if not first.count:
      lines.append([subject, "failed", *[""] * (len(QUANTILES) + 2 + len(DIFFERENCES))])
      continue
    line = [subject]
    for metric, quantile in QUANTILES.items():
      line.append(("~ " if rests_on_few(quantile, first.count) else "") + with_interval(by[subject, metric]))
    line += [with_interval(by[subject, "failed"]) if (subject, "failed") in by else ""]
    line += [with_interval(by[subject, metric]) if (subject, metric) in by else "" for metric in ("packets_forward", "packets_backward")]
    for metric in DIFFERENCES:
      other = beside.get((subject, metric))
      line.append(f"{_signed(other.value)} ({_signed(other.low)} to {_signed(other.high)})" if other else "")
    lines.append(line)
  head = ["", *(f"{metric.upper()}, ms" for metric in QUANTILES), "failed calls", "packets →", "packets ←",
          *(f"{metric.upper()} beside {OWN}, ms" for metric in DIFFERENCES)]
  counts = sorted({by[subject, "p50"].count for subject in subjects if by[subject, "p50"].count})
  text = f"### {cell.title[0].upper()}{cell.title[1:]}: {' or '.join(map(str, counts)) or 'no'} calls\n\n{table(head, lines)}"
  late = [f"{figure.subject}'s by {number(figure.value)} ms" for (_, metric), figure in by.items()
          if metric == "own_lateness" and figure.value > LIMIT_MS]
  return text + (f"\nThe machine was busy: timers beside these callers were late (P99): {', '.join(late)}. "
                 f"Above {LIMIT_MS:g} ms nothing is said to be better or worse by them, and where {OWN}'s were late by nobody's.\n" if late else "")


def _signed(value: float) -> str:
  return f"+{number(value)}" if value > 0 else number(value)
