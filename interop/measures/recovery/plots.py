"""A plot of recovery: a panel for each scenario, a line for each subject, a dot for each event, a stroke at the median."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

from ...rig.profiles import profile
from ..results.colours import look
from .outcome import Outcome, read_outcomes
from .scenarios import Scenario

# After colours, which chooses the backend that needs no screen.
from matplotlib import pyplot  # isort: skip
from matplotlib.axes import Axes  # isort: skip
from matplotlib.ticker import FuncFormatter  # isort: skip

COLUMNS = 2
LEAST_S = 0.05


def plots(results: Path, name: str, subjects: list[str], chosen: list[Scenario]) -> list[Path]:
  """One picture; its path."""
  outcomes = {subject: read_outcomes(path) for subject in subjects if (path := results / f"{subject}-outcomes.csv").exists()}
  rows = math.ceil(len(chosen) / COLUMNS)
  figure, panels = pyplot.subplots(rows, COLUMNS, figsize=(11, 0.7 + rows * (0.7 + 0.28 * len(subjects))), dpi=110, sharex=True, squeeze=False)
  try:
    came = [each.recovery_s for found in outcomes.values() for each in found if math.isfinite(each.recovery_s)]
    never = 3 * max([10.0, *came])
    for axes, scenario in zip(panels.flat, chosen):
      _panel(axes, scenario, subjects, outcomes, never)
    for axes in list(panels.flat)[len(chosen):]:
      axes.set_visible(False)
    for axes in panels[-1]:
      axes.set_xlabel("s to the first good answer; × at the right edge: none came")
    figure.suptitle(f"Recovery on {name}: {profile(name).about}", fontsize=11)
    figure.tight_layout()
    path = results / "recovery.png"
    figure.savefig(path)
    return [path]
  finally:
    pyplot.close(figure)


def _panel(axes: Axes, scenario: Scenario, subjects: list[str], outcomes: dict[str, list[Outcome]], never: float) -> None:
  for place, subject in enumerate(reversed(subjects)):
    times = [each.recovery_s for each in outcomes.get(subject, [])
             if each.scenario == scenario.name and not math.isnan(each.recovery_s)]
    colour = look(subject).colour
    came = [max(value, LEAST_S) for value in times if math.isfinite(value)]
    axes.plot(came, [place] * len(came), "o", color=colour, alpha=0.6, markersize=6)
    if len(times) > 2 and math.isfinite(middle := statistics.median_low(times)):
      axes.plot([max(middle, LEAST_S)], [place], "|", color=colour, markersize=18, markeredgewidth=2.5)
    missing = len(times) - len(came)
    axes.plot([never] * bool(missing), [place] * bool(missing), "x", color=colour, markersize=8, markeredgewidth=2)
    if missing > 1:
      axes.annotate(f"{missing}×", (never, place), xytext=(-8, 0), textcoords="offset points", ha="right", va="center", fontsize=8)
    if not times:
      axes.annotate("failed" if scenario.applies(subject) else "has no edge", (LEAST_S * 1.3, place), va="center", fontsize=8, color="#777777")
  axes.set_yticks(range(len(subjects)), list(reversed(subjects)), fontsize=8.5)
  axes.set_ylim(-0.6, len(subjects) - 0.4)
  axes.set_xscale("log")
  axes.set_xlim(LEAST_S * 0.9, never * 1.4)
  axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
  axes.tick_params(labelbottom=True)
  axes.set_title(scenario.title, fontsize=10, loc="left")
  axes.grid(True, axis="x", which="major", color="#cccccc", linewidth=0.7)
  axes.grid(True, axis="y", color="#eeeeee", linewidth=0.5)
