"""The tables of recovery: a line for each scenario, a column for each subject."""

from __future__ import annotations

from pathlib import Path

from ...loads.own_lateness import LIMIT_MS
from .. import Settings
from ..results.figure import Figure
from ..results.markdown import number
from ..results.pivot import pivot
from . import figures as what
from .job import DEADLINE_S, GIVE_UP_S, QUICK_GIVE_UP_S, RATE, STREAMS
from .scenarios import Scenario

ABOUT = """gRPC calls of 100 bytes, {rate:g}/s with a deadline of {deadline:g} s each, and {streams} bidirectional streams with a message each
second, through grpcio to a grpcio origin; then the event, {repeats} time{s} for each scenario, each time with gateways that were started for it.
Medians, in brackets their interval (of fewer than six: from the least to the greatest).
A subject that died or never answered has not recovered. Where events could not be measured, or the callers' own timers were late by more than
{late:g} ms (P99, the median of the events), nothing is said to be better or worse. Without gateways it is the origin that is killed and
started: that is the start of a Python program, marked "starts Python", and is not judged.
"""
PARTS = {
  "recovery": """Time to the first good answer to a call that was made after the event began, from the moment at which one is possible: the end of the
black-out, the kill, the change. ∞: none within {give_up:g} s.""",
  "avoidable": "Calls that failed though their deadline was a second or more after that moment, for each event.",
  "survived": "Streams on which a message that was sent after that moment came back."}


def tables(figures: list[Figure], subjects: list[str], settings: Settings, results: Path, chosen: list[Scenario]) -> str:
  """Everything of one profile."""
  text = ABOUT.format(rate=RATE, deadline=DEADLINE_S, streams=STREAMS, repeats=settings.repeats, s="s" * (settings.repeats > 1), late=LIMIT_MS)
  foreign = {(each.name, subject) for each in chosen for subject in subjects if not each.judges(subject)}

  def more(figure: Figure) -> str:
    python = ", starts Python" if (figure.cell, figure.subject) in foreign else ""
    return (_worst(results, figure) if figure.metric == "recovery" else "") + python

  for metric, about in PARTS.items():
    part = [figure for figure in figures if figure.metric == metric]
    text += f"\n{about.format(give_up=QUICK_GIVE_UP_S if settings.quick else GIVE_UP_S)}\n\n{pivot(part, subjects, more)}"
  if failed := what.failures(results, subjects, chosen):
    text += "\nEvents that a subject did not outlive, or that could not be measured:\n\n" + "".join(f"- {each}\n" for each in failed)
  return text


def _worst(results: Path, figure: Figure) -> str:
  return f", worst {number(what.worst(results, figure.subject, figure.cell))}" if figure.count > 1 else ""
