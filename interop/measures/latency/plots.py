"""Plots of latency: what share of calls took longer than a time. Both axes are logarithmic, so that the tail has as much room as the middle."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ...loads.calls import Call, lateness, read_calls
from ...rig.profiles import profile
from .. import Settings
from ..results.colours import look
from ..results.markdown import number
from ..statistics.percentiles import percentiles
from .cells import Cell, cells

# After colours, which chooses the backend that needs no screen.
from matplotlib import pyplot  # isort: skip
from matplotlib.axes import Axes  # isort: skip
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter  # isort: skip

SHARES = {0.5: "P50", 0.1: "P90", 0.01: "P99", 0.001: "P99.9", 0.0001: "P99.99"}


def plots(results: Path, name: str, subjects: list[str], settings: Settings) -> list[Path]:
  """One picture for each cell, CELL.png in the results' folder; their paths."""
  calls = {subject: read_calls(results / f"{subject}.csv") for subject in subjects if (results / f"{subject}.csv").exists()}
  return [_plot(results, name, cell, {subject: series[cell.name] for subject, series in calls.items() if cell.name in series})
          for cell in cells(settings) if any(cell.name in series for series in calls.values())]


def _plot(results: Path, name: str, cell: Cell, calls: dict[str, list[Call]]) -> Path:
  figure, axes = pyplot.subplots(figsize=(10, 6.2), dpi=110)
  try:
    for subject, series in calls.items():
      _line(axes, subject, lateness(series))
    most = max(len(series) for series in calls.values())
    _axes(axes, most)
    axes.set_title(f"gRPC unary, {cell.title}: {most} calls a line\n{name}: {profile(name).about}", fontsize=11)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8.5, frameon=False, title="P50 / P99 in ms", alignment="left")
    path = results / f"{cell.name}.png"
    figure.savefig(path, bbox_inches="tight")
    return path
  finally:
    pyplot.close(figure)


def _line(axes: Axes, subject: str, late: np.ndarray) -> None:
  """The share of calls that took longer, step by step; a line that ends above the floor ends at the share that never came."""
  count = len(late)
  came = np.sort(late[np.isfinite(late)])
  if not len(came):
    return
  above = 1 - np.arange(1, len(came) + 1) / count
  failed = count - len(came)
  middle, high = percentiles(late, [0.5, 0.99])
  style = look(subject)
  label = f"{subject}: {number(middle)} / {number(high)}" + (f", {failed} failed" if failed else "")
  # Steps begin with all calls being slower than the fastest one; the last one is drawn down to the floor.
  times, shares = np.concatenate([came[:1], came]), np.concatenate([[1.0], np.where(above > 0, above, 1e-9)])
  axes.step(times, shares, where="post", color=style.colour, linestyle=style.dashes, linewidth=style.width, label=label)
  if failed:
    axes.plot(came[-1:], [failed / count], marker="x", color=style.colour, markersize=9, markeredgewidth=2)


def _axes(axes: Axes, most: int) -> None:
  axes.set_xscale("log")
  axes.set_yscale("log")
  axes.set_ylim(0.7 / most, 1.05)
  axes.set_ylabel("share of calls that took longer")
  axes.set_xlabel("latency, ms")
  axes.xaxis.set_major_locator(FixedLocator(_ticks(*axes.get_xlim())))
  axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
  axes.xaxis.set_minor_formatter(NullFormatter())
  shares = [share for share in SHARES if share >= 0.7 / most]
  axes.set_yticks(shares, [f"{SHARES[share]}\n{share * 100:g} %" for share in shares], minor=False, fontsize=8.5)
  axes.yaxis.set_minor_formatter(NullFormatter())
  axes.grid(True, which="major", color="#cccccc", linewidth=0.7)
  axes.grid(True, which="minor", axis="x", color="#eeeeee", linewidth=0.5)
  for side in ("top", "right"):
    axes.spines[side].set_visible(False)


def _ticks(low: float, high: float) -> list[float]:
  """1, 2, 5 and their like: a logarithmic axis of half a decade has no power of ten on it."""
  exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
  return [step * 10.0 ** exponent for exponent in exponents for step in (1, 1.5, 2, 3, 5, 7) if low <= step * 10.0 ** exponent <= high]
