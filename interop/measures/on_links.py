"""Measures on links: their jobs run, and what the jobs wrote becomes a part of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

from ..loads.own_lateness import LIMIT_MS
from ..rig import profiles
from ..rig.world import World
from . import Settings, bulk, latency, moving, recovery
from .jobs.run import fresh, run
from .results.figure import Figure
from .results.markdown import number
from .results.report import Report

MEASURES = {"latency": latency, "bulk": bulk, "recovery": recovery, "moving": moving}


def link(settings: Settings) -> str:
  """What a link here is made of; raises WorldImpossible with a sentence where there can be none."""
  with World("none", seed=settings.seed, driver=settings.driver) as world:
    return str(world)


def measure(name: str, profile: str, subjects: list[str], settings: Settings, report: Report) -> list[str]:
  """Measures the subjects on a profile's link; those whose job failed."""
  fresh(report.folder / name / profile)
  try:
    return run(name, profile, subjects, settings, report.folder, at_once=_at_once(name, profile, subjects))
  finally:
    # What there is of a run that was stopped is worth its table too.
    write(name, profile, subjects, settings, report)


def write(name: str, profile: str, subjects: list[str], settings: Settings, report: Report) -> None:
  """The measure's part of the report, from the files in its folder."""
  results = report.folder / name / profile
  found, text, pictures = _PARTS[name](results, profile, subjects, settings)
  notes = {subject: json.loads(path.read_text()) for subject in subjects if (path := results / f"{subject}.json").exists()}
  drivers = sorted({each["driver"] for each in notes.values()})
  how = "at the same time, each on a link of its own" if _at_once(name, profile, subjects) else "in turns"
  how += f"; {lateness(notes)}"
  controls = ", ".join(f"{subject} {each['congestion_control']}" for subject, each in notes.items())
  text = f"The link: {' and '.join(drivers) or 'none'}. Subjects were measured {how}. Congestion control: {controls}.\n\n{text}"
  report.put(f"{name} on {profile}", found, text, pictures=pictures, notes={"measured": how, "subjects": notes})


def lateness(notes: dict) -> str:
  """Whether the processors may have been what was measured, by what the jobs noted of their own timers."""
  latest = max(_lateness(notes), default=None)
  if latest is None:
    return "how late the callers were themselves is not known"
  within = "more than" if latest > LIMIT_MS else "within"
  return f"the callers' own timers were late by {number(latest)} ms at most (P99), {within} the {LIMIT_MS:g} ms up to which cells are judged"


def _lateness(notes: dict) -> Iterator[float]:
  for name, value in notes.items():
    if name == "own_lateness_p99_ms":
      yield value
    elif isinstance(value, dict):
      yield from _lateness(value)


def _at_once(name: str, profile: str, subjects: list[str]) -> bool:
  return MEASURES[name].at_once(profiles.profile(profile), len(subjects))


Part = tuple[list[Figure], str, list[Path]]


def _latency(results: Path, profile: str, subjects: list[str], settings: Settings) -> Part:
  from .latency import figures, plots, tables

  found, differences = figures.figures(results, profile, subjects, settings)
  figures.write_differences(results / "differences.csv", differences)
  return found, tables.tables(found, differences, subjects, settings), plots.plots(results, profile, subjects, settings)


def _bulk(results: Path, profile: str, subjects: list[str], settings: Settings) -> Part:
  from .bulk import figures, plots, tables

  found = figures.figures(results, profile, subjects, settings)
  return found, tables.tables(found, subjects, settings), plots.plots(results, profile, subjects)


def _recovery(results: Path, profile: str, subjects: list[str], settings: Settings) -> Part:
  from .recovery import figures, plots, scenarios, tables

  chosen = scenarios.scenarios(settings)
  found = figures.figures(results, profile, subjects, chosen, settings.repeats)
  return found, tables.tables(found, subjects, settings, results, chosen), plots.plots(results, profile, subjects, chosen)


def _moving(results: Path, profile: str, subjects: list[str], settings: Settings) -> Part:
  from .moving import figures, tables

  found = figures.figures(results, profile, subjects, settings.repeats)
  return found, tables.tables(found, subjects, settings, results), []


_PARTS = {"latency": _latency, "bulk": _bulk, "recovery": _recovery, "moving": _moving}
