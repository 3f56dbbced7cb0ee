"""Figures of recovery: medians over the events of a scenario."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Callable

from ...loads.own_lateness import LIMIT_MS
from ..results.figure import Figure
from ..results.ranking import ENOUGH, ranked
from ..statistics import repeats
from .outcome import Outcome, read_outcomes
from .scenarios import Scenario

MEASURE = "recovery"
METRICS: dict[str, tuple[str, str, bool, Callable[[Outcome], float]]] = {
  "recovery": ("first good answer", "s", True, lambda outcome: outcome.recovery_s),
  "avoidable": ("failed calls that could have waited", "calls", True, lambda outcome: outcome.avoidable),
  "survived": ("streams that survived", "%", False, lambda outcome: 100 * outcome.survived / outcome.streams)}


def figures(results: Path, profile: str, subjects: list[str], chosen: list[Scenario], wanted: int) -> list[Figure]:
  """Everything that the subjects' files tell. Where fewer than the `wanted` events could be measured nothing is judged: those that are
  missing may be those that would have been bad."""
  found: list[Figure] = []
  for metric, (title, unit, less, of) in METRICS.items():
    for scenario in chosen:
      for subject in filter(scenario.applies, subjects):
        outcomes = _outcomes(results, subject, scenario.name)
        values = [value for each in outcomes if not math.isnan(value := of(each))]
        estimate, missing = repeats.median(values), max(0, wanted - len(values))
        busy = statistics.median([each.own_lateness_ms for each in outcomes] or [0]) > LIMIT_MS
        judged = len(values) >= ENOUGH and not missing and not busy and scenario.judges(subject)
        found.append(Figure(MEASURE, profile, scenario.name, metric, subject, f"{scenario.title}: {title}", unit, less,
                            estimate.value, estimate.low, estimate.high, len(values), judged, missing))
  return ranked(found)


def worst(results: Path, subject: str, scenario: str) -> float:
  """The longest recovery of a subject, of the events that could be measured."""
  return max(each.recovery_s for each in _outcomes(results, subject, scenario) if not math.isnan(each.recovery_s))


def failures(results: Path, subjects: list[str], chosen: list[Scenario]) -> list[str]:
  """A sentence for each event that a subject did not outlive, or that could not be measured."""
  return [f"{subject}, {scenario.title}, {each.repeat + 1}: {each.failure}" for scenario in chosen for subject in subjects
          for each in _outcomes(results, subject, scenario.name) if each.failure]


def _outcomes(results: Path, subject: str, scenario: str) -> list[Outcome]:
  path = results / f"{subject}-outcomes.csv"
  return [each for each in read_outcomes(path) if each.scenario == scenario] if path.exists() else []
