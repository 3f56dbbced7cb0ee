"""Figures: what a table shows and a comparison reads."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from ..statistics.comparison import Verdict
from ..statistics.estimate import Estimate

FILE = "figures.csv"


@dataclass(frozen=True)
class Figure:
  """One figure of one subject, with its 95 % interval."""

  measure: str
  profile: str
  """The link's, or `loopback`."""
  cell: str
  """What was varied within the measure; empty where nothing is."""
  metric: str
  subject: str
  title: str
  unit: str
  less_is_better: bool
  value: float
  low: float
  high: float
  count: int
  """Calls, or repetitions, that it rests on."""
  judged: bool = True
  """Whether it may be called better or worse: not where it rests on too little, or is no doing of the subject's."""
  missing: int = 0
  """Repetitions that could not be measured, and are not part of `count`."""
  verdict: Verdict = Verdict.UNKNOWN
  """The subject beside quicgw, beyond the interval of the difference."""

  @property
  def estimate(self) -> Estimate:
    return Estimate(self.value, self.low, self.high)

  @property
  def key(self) -> tuple[str, str, str, str, str]:
    """What it is a figure of."""
    return self.measure, self.profile, self.cell, self.metric, self.subject


def write_figures(folder: Path, figures: list[Figure]) -> None:
  """FOLDER/figures.csv, a line a figure."""
  with (folder / FILE).open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow([field.name for field in dataclasses.fields(Figure)])
    for figure in figures:
      writer.writerow([*dataclasses.astuple(figure)[:-1], figure.verdict.value])


def read_figures(folder: Path) -> list[Figure]:
  """What write_figures wrote; LookupError where another version of it did."""
  with (folder / FILE).open(newline="") as file:
    rows = csv.DictReader(file)
    names = [field.name for field in dataclasses.fields(Figure)]
    if rows.fieldnames != names:
      raise LookupError(f"{folder / FILE} has other columns than {', '.join(names)}: it was written by another version, measure again")
    return [
      Figure(**{**row, **{name: float(row[name]) for name in ("value", "low", "high")}, **{name: int(row[name]) for name in ("count", "missing")},
                "less_is_better": row["less_is_better"] == "True", "judged": row["judged"] == "True", "verdict": Verdict(row["verdict"])})
      for row in rows]
