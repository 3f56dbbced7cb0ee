"""interop/bench compare A B: what got better or worse from one results folder to another, beyond its interval."""

from __future__ import annotations

import json
import math
from pathlib import Path

from ..statistics.comparison import Verdict
from . import RESULTS
from .circumstances import FILE as SETTINGS
from .circumstances import LIVENESS
from .figure import Figure, read_figures
from .markdown import number, table
from .ranking import judge


def compare(before: Path, after: Path) -> str:
  """What changed, as Markdown."""
  old = {figure.key: figure for figure in read_figures(before)}
  new = {figure.key: figure for figure in read_figures(after)}
  both = [(old[key], new[key]) for key in new if key in old]
  found: dict[Verdict, list[tuple[Figure, Figure]]] = {verdict: [] for verdict in Verdict}
  for a, b in both:
    found[judge(b, a) if a.judged and b.judged else Verdict.UNKNOWN].append((a, b))
  text = f"From {before.name} to {after.name}: {len(both)} figures are in both.\n"
  text += "".join(f"\n{note}\n" for note in _differing(before, after))
  for verdict, title in ((Verdict.WORSE, "Worse"), (Verdict.BETTER, "Better")):
    text += f"\n## {title}: {len(found[verdict])}\n\n"
    if found[verdict]:
      greatest_first = sorted(found[verdict], key=lambda pair: -abs(_change(*pair)))
      text += table(["figure", "subject", "before", "after", "change"], (_line(a, b) for a, b in greatest_first))
  text += (f"\nWithin the interval: {len(found[Verdict.SAME])}. "
           f"Not judged, since one of the two failed or rests on too little: {len(found[Verdict.UNKNOWN])}.\n")
  for name, one, other in (("gone", old, new), ("new", new, old)):
    if count := len(one.keys() - other.keys()):
      text += f"Only in one folder ({name}): {count}.\n"
  return text


def found(name: str) -> Path:
  """A results folder by its path or by its name in interop/results."""
  for path in (Path(name), RESULTS / name):
    if (path / "figures.csv").exists():
      return path
  raise LookupError(f"no results in {name}: neither that folder nor {RESULTS / name} has a figures.csv")


def _line(a: Figure, b: Figure) -> list[str]:
  change = _change(a, b)
  text = f"{change * 100:+.{0 if abs(change) > 0.1 else 1}f} %" if math.isfinite(change) else ""
  return [f"{b.measure} on {b.profile}: {b.title}, {b.unit}", b.subject, _with_interval(a), _with_interval(b), text]


def _change(a: Figure, b: Figure) -> float:
  """As a share of what it was; infinite from nothing, or where an end is infinite."""
  return b.value / a.value - 1 if a.value and math.isfinite(a.value) else math.inf


def _with_interval(figure: Figure) -> str:
  return f"{number(figure.value)} ({number(figure.low)}–{number(figure.high)})"


def _differing(before: Path, after: Path) -> list[str]:
  """What was not the same in the two runs: machines, versions, settings."""
  a, b = (json.loads((folder / SETTINGS).read_text()) for folder in (before, after))
  notes = []
  for part in ("machine", "versions", "settings", LIVENESS):
    one, other = a.get(part, {}), b.get(part, {})
    changed = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    notes += [f"Not the same in both: {part} {key}: {one.get(key)} → {other.get(key)}" for key in sorted(changed)]
  return notes
