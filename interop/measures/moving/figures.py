"""Figures of moving: medians over the events of a scenario, and how many downloads were lost."""

from __future__ import annotations

import math
from pathlib import Path

from ..results.figure import Figure
from ..results.ranking import ENOUGH, ranked
from ..statistics import repeats
from ..statistics.counts import FAILED, counted
from ..statistics.estimate import NOTHING
from .events import Event, read_events
from .job import scenarios

MEASURE = "moving"


def figures(results: Path, profile: str, subjects: list[str], wanted: int) -> list[Figure]:
  """Everything that the subjects' files tell; where fewer than the `wanted` events could be measured nothing is judged."""
  found: list[Figure] = []
  for scenario in scenarios():
    for subject in subjects:
      stalls = [each.stall_s for each in events(results, subject, scenario.name) if not math.isnan(each.stall_s)]
      missing = max(0, wanted - len(stalls))
      judged = len(stalls) >= ENOUGH and not missing
      stall, lost = repeats.median(stalls), counted(sum(map(math.isinf, stalls))) if stalls else NOTHING
      found += [
        Figure(MEASURE, profile, scenario.name, "stall", subject, f"{scenario.title}: the download stood still", "s", True,
               stall.value, stall.low, stall.high, len(stalls), judged, missing),
        Figure(MEASURE, profile, scenario.name, FAILED, subject, f"{scenario.title}: downloads lost", f"of {wanted}", True,
               lost.value, lost.low, lost.high, len(stalls), judged, missing)]
  return ranked(sorted(found, key=lambda figure: (figure.cell, figure.metric == FAILED)))


def events(results: Path, subject: str, scenario: str) -> list[Event]:
  """A subject's events of a scenario."""
  return [each for each in read_events(results / f"{subject}-events.csv") if each.scenario == scenario]
