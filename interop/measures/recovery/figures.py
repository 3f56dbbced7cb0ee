"""Figures of recovery: medians over the events of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

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


def figures(results: Path, profile: str, subjects: list[str], chosen: list[Scenario]) -> list[Figure]:
  """Everything that the subjects' files tell."""
  found: list[Figure] = []
  for metric, (title, unit, less, of) in METRICS.items():
    for scenario in chosen:
      for subject in filter(scenario.applies, subjects):
        outcomes = [each for each in _outcomes(results, subject) if each.scenario == scenario.name]
        estimate = repeats.median([of(each) for each in outcomes])
        found.append(Figure(MEASURE, profile, scenario.name, metric, subject, f"{scenario.title}: {title}", unit, less,
                            estimate.value, estimate.low, estimate.high, len(outcomes), len(outcomes) >= ENOUGH))
  return ranked(found)


def worst(results: Path, subject: str, scenario: str) -> float:
  """The longest recovery of a subject."""
  return max(each.recovery_s for each in _outcomes(results, subject) if each.scenario == scenario)


def _outcomes(results: Path, subject: str) -> list[Outcome]:
  path = results / f"{subject}-outcomes.csv"
  return read_outcomes(path) if path.exists() else []
