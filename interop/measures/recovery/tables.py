"""The tables of recovery: a line for each scenario, a column for each subject."""

from __future__ import annotations

from pathlib import Path

from .. import Settings
from ..results.figure import Figure
from ..results.markdown import number
from ..results.pivot import pivot
from . import figures as what
from .job import DEADLINE_S, GIVE_UP_S, QUICK_GIVE_UP_S, RATE, STREAMS

ABOUT = """gRPC calls of 100 bytes, {rate:g}/s with a deadline of {deadline:g} s each, and {streams} bidirectional streams with a message each
second, through grpcio to a grpcio origin; then the event, {repeats} time{s} for each scenario, each time with gateways that were started for it.
Medians, in brackets their interval (of fewer than six: from the least to the greatest).
"""
PARTS = {
  "recovery": """Time to the first good answer to a call that was made after the event began, from the moment at which one is possible: the end of the
black-out, the kill, the change. ∞: none within {give_up:g} s.""",
  "avoidable": "Calls that failed though their deadline was a second or more after that moment, for each event.",
  "survived": "Streams on which a message that was sent after that moment came back."}


def tables(figures: list[Figure], subjects: list[str], settings: Settings, results: Path) -> str:
  """Everything of one profile."""
  text = ABOUT.format(rate=RATE, deadline=DEADLINE_S, streams=STREAMS, repeats=settings.repeats, s="s" * (settings.repeats > 1))
  for metric, about in PARTS.items():
    chosen = [figure for figure in figures if figure.metric == metric]
    more = (lambda figure: _worst(results, figure)) if metric == "recovery" else (lambda _: "")
    text += f"\n{about.format(give_up=QUICK_GIVE_UP_S if settings.quick else GIVE_UP_S)}\n\n{pivot(chosen, subjects, more)}"
  return text


def _worst(results: Path, figure: Figure) -> str:
  return f", worst {number(what.worst(results, figure.subject, figure.cell))}" if figure.count > 1 else ""
