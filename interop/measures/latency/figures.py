"""Percentiles of every cell and subject, their intervals, and their differences to quicgw's."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from ...loads.calls import lateness, read_calls
from ...loads.own_lateness import LIMIT_MS
from .. import Settings
from ..results import OWN
from ..results.figure import Figure
from ..results.ranking import ranked
from ..statistics.bootstrap import Bootstrap
from ..statistics.comparison import Verdict, of_difference
from ..statistics.counts import FAILED, counted
from ..statistics.estimate import NOTHING, Estimate
from ..statistics.percentiles import QUANTILES, rests_on_few
from .cells import Cell, cells

MEASURE = "latency"


@dataclass(frozen=True)
class Difference:
  """How much later a peer's percentile is than quicgw's."""

  profile: str
  cell: str
  peer: str
  metric: str
  milliseconds: Estimate


def figures(results: Path, profile: str, subjects: list[str], settings: Settings) -> tuple[list[Figure], list[Difference]]:
  """Everything that the subjects' files tell; subjects without a file have failed and are given as such."""
  found: list[Figure] = []
  differences: list[Difference] = []
  calls = {subject: read_calls(results / f"{subject}.csv") for subject in subjects if (results / f"{subject}.csv").exists()}
  notes = {subject: json.loads((results / f"{subject}.json").read_text()) if (results / f"{subject}.json").exists() else {} for subject in subjects}
  for cell in cells(settings):
    noted = {subject: notes[subject].get("cells", {}).get(cell.name) for subject in subjects}
    late = {subject for subject, each in noted.items() if each and each["own_lateness_p99_ms"] > LIMIT_MS}
    drawn = {
      # Subjects are independent of each other: each draws with a seed of its own.
      subject: Bootstrap.of(lateness(series[cell.name]), list(QUANTILES.values()), at_once=cell.at_once, seed=settings.seed + place)
      for place, (subject, series) in enumerate(calls.items()) if cell.name in series}
    for subject in subjects:
      if subject not in drawn:
        found.append(_figure(profile, cell, subject, "p50", NOTHING, 0, False))
        continue
      series = calls[subject][cell.name]
      for place, (metric, quantile) in enumerate(QUANTILES.items()):
        verdict = Verdict.UNKNOWN
        if subject != OWN and OWN in drawn:
          difference = drawn[subject].minus(drawn[OWN], place)
          differences.append(Difference(profile, cell.name, subject, metric, difference))
          if not late & {OWN, subject} and not any(rests_on_few(quantile, len(calls[name][cell.name])) for name in (OWN, subject)):
            verdict = of_difference(difference, less_is_better=True)
        judged = subject not in late and not rests_on_few(quantile, len(series))
        found.append(_figure(profile, cell, subject, metric, drawn[subject].estimate(place), len(series), judged, verdict))
    found += ranked([figure for subject in drawn if noted[subject]
                     for figure in _counted(profile, cell, subject, noted[subject], subject not in late)])
  return found, differences


def write_differences(path: Path, differences: list[Difference]) -> None:
  """A line for each peer and percentile."""
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["cell", "peer", "metric", f"minus_{OWN}_ms", "low", "high"])
    for each in differences:
      writer.writerow([each.cell, each.peer, each.metric, each.milliseconds.value, each.milliseconds.low, each.milliseconds.high])


def _figure(profile: str, cell: Cell, subject: str, metric: str, estimate: Estimate, count: int, judged: bool,
            verdict: Verdict = Verdict.UNKNOWN) -> Figure:
  return Figure(MEASURE, profile, cell.name, metric, subject, f"{cell.title}: {metric.upper()}", "ms", True,
                estimate.value, estimate.low, estimate.high, count, judged, verdict=verdict)


def _counted(profile: str, cell: Cell, subject: str, noted: dict, judged: bool) -> list[Figure]:
  """What was counted on the link and beside the callers, from the job's notes; packets for each of the subject's own calls."""
  calls, late = noted["calls"], noted["own_lateness_p99_ms"]
  found = []
  for metric, title, unit, scale in ((FAILED, "failed calls", "calls", 1), ("packets_forward", "packets a call, edge to core", "packets", calls),
                                     ("packets_backward", "packets a call, core to edge", "packets", calls)):
    estimate = counted(noted[metric], scale)
    found.append(Figure(MEASURE, profile, cell.name, metric, subject, f"{cell.title}: {title}", unit, True,
                        estimate.value, estimate.low, estimate.high, calls, judged))
  return [*found, Figure(MEASURE, profile, cell.name, "own_lateness", subject, f"{cell.title}: P99 of the callers' own lateness", "ms", True,
                         late, late, late, calls, judged=False)]
