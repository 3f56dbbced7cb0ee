"""A table with a line for each figure and a column for each subject."""

from __future__ import annotations

from typing import Callable

from .figure import Figure
from .markdown import cell, table


def pivot(figures: list[Figure], subjects: list[str], more: Callable[[Figure], str] = lambda _: "") -> str:
  """Lines in the order in which figures come; `more` says what stands behind a figure."""
  lines: dict[tuple[str, str], dict[str, Figure]] = {}
  for figure in figures:
    lines.setdefault((figure.title, figure.unit), {})[figure.subject] = figure
  return table(["", *subjects], (
    [f"{title}, {unit}", *(cell(by[subject], more=more(by[subject])) if subject in by else "" for subject in subjects)]
    for (title, unit), by in lines.items()))
