"""Plots of bulk: how much had come by when."""

from __future__ import annotations

from pathlib import Path

from ...rig.profiles import profile
from ..results.colours import look
from ..results.markdown import number
from .figures import NAMES
from .transfers import read_arrivals

# After colours, which chooses the backend that needs no screen.
from matplotlib import pyplot  # isort: skip
from matplotlib.axes import Axes  # isort: skip
from matplotlib.ticker import FuncFormatter  # isort: skip

TOO_FLAT = 20


def plots(results: Path, name: str, subjects: list[str]) -> list[Path]:
  """One picture for each kind of transfer; their paths."""
  arrivals = {subject: read_arrivals(path) for subject in subjects if (path := results / f"{subject}-arrivals.csv").exists()}
  return [_plot(results, name, what, arrivals) for what in NAMES
          if any(transfer.split()[0] == what for found in arrivals.values() for transfer in found)]


def _set_heights(axes: Axes, megabytes: list[float]) -> None:
  """From nothing, as one reads a slope; by powers of ten where the least would be on the floor beside the most."""
  least, most = min(megabytes), max(megabytes)
  if not most or least > most / TOO_FLAT:
    axes.set_ylim(bottom=0)
    return
  axes.set_yscale("log")
  axes.set_ylim(max(least / 20, most / 1e5), most * 1.5)
  axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _plot(results: Path, name: str, what: str, arrivals: dict[str, dict[str, list[tuple[float, int]]]]) -> Path:
  figure, axes = pyplot.subplots(figsize=(10, 5.6), dpi=110)
  try:
    for subject, found in arrivals.items():
      style = look(subject)
      transfers = [points for transfer, points in found.items() if transfer.split()[0] == what]
      speeds = sorted(points[-1][1] * 8e-6 / points[-1][0] for points in transfers)
      for place, points in enumerate(transfers):
        label = f"{subject}: {number(speeds[len(speeds) // 2])} Mbit/s" if place == 0 else None
        at, count = zip((0.0, 0), *points)
        # A transfer that broke off or ran into its limit still ends where it ended.
        axes.plot(at, [value / 1e6 for value in count], color=style.colour, linestyle=style.dashes, linewidth=style.width * 0.8, label=label,
                  alpha=1 if place == 0 else 0.45)
    axes.set_xlabel("seconds since the client's first packet")
    axes.set_ylabel("MB that have come")
    axes.set_xlim(left=0)
    _set_heights(axes, [points[-1][1] / 1e6 for found in arrivals.values() for transfer, points in found.items() if transfer.split()[0] == what])
    axes.set_title(f"{NAMES[what]}\n{name}: {profile(name).about}", fontsize=11)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8.5, frameon=False, title="median goodput", alignment="left")
    for side in ("top", "right"):
      axes.spines[side].set_visible(False)
    path = results / f"{what}.png"
    figure.savefig(path, bbox_inches="tight")
    return path
  finally:
    pyplot.close(figure)
