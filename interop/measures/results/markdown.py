"""Figures as Markdown: numbers with their intervals, tables, and a plain mark where a peer is better."""

from __future__ import annotations

import math
from typing import Iterable

from ..statistics.comparison import Verdict
from .figure import Figure

BETTER = "◀ better"
"""What stands behind a peer's figure that is better than quicgw's beyond the interval of the difference."""


def number(value: float) -> str:
  """Three digits of it; ∞ for what never came, – for what is not known."""
  if math.isnan(value):
    return "–"
  if math.isinf(value):
    return "∞" if value > 0 else "−∞"
  if value == 0:
    return "0"
  digits = max(0, 2 - math.floor(math.log10(abs(value))))
  text = f"{value:,.{digits}f}".replace(",", " ")
  return text.replace("-", "−")


def cell(figure: Figure | None, *, more: str = "") -> str:
  """A figure with its interval, set in bold and marked where it is a peer's better one."""
  if figure is None:
    return ""
  if math.isnan(figure.value):
    return "failed"
  interval = f" ({number(figure.low)}–{number(figure.high)})" if figure.low != figure.high else ""
  missing = f", {figure.count} of {figure.count + figure.missing} measured" if figure.missing else ""
  text = f"{number(figure.value)}{interval}{more}{missing}"
  return f"**{text}** {BETTER}" if figure.verdict is Verdict.BETTER else text


def table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
  """A table; the first column is left-aligned, the others to the right."""
  head = list(head)
  rows = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
  rows += [f"| {' | '.join(line)} |" for line in lines]
  return "\n".join(rows) + "\n"
