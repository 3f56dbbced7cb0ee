"""What became of one download when its edge moved."""

from __future__ import annotations

import csv
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

from ...loads.download import PAUSE_S, Download


WITHIN_S = 1.0
"""Losses make pauses of their own all the time; what begins later is none of the event's."""
LOST_S = 5.0
"""A download that is silent for so long when its time is over is lost."""


@dataclass(frozen=True)
class Event:
  """One event of a scenario."""

  scenario: str
  repeat: int
  stall_s: float
  """The longest time without a byte that ended after the event and began no later than WITHIN_S behind it, PAUSE_S if none was longer;
  infinite if the download was lost; NaN if that is not known."""
  failure: str = ""

  @staticmethod
  def of(scenario: str, repeat: int, download: Download, happened: float) -> Event:
    """Judges a download that was to go on to its limit; `happened` is on the clock of `Download.began`."""
    at = happened - download.began
    if download.first_byte_s is None or download.first_byte_s > at:
      return Event.unknown(scenario, repeat, f"no byte had come when it happened: {download.failure}")
    after = [(begin, length) for begin, length in download.pauses if begin + length > at]
    # What the limit cut short has no end: of a short pause nothing is known, a long one is a loss.
    open_ended = [length for begin, length in after if download.failure is not None and begin + length > download.seconds - PAUSE_S]
    after = [(begin, length) for begin, length in after if length not in open_ended]
    silent = any(length > LOST_S for length in open_ended)
    if download.closed or silent:
      return Event(scenario, repeat, math.inf, f"silent to the end: {download.failure}" if silent else download.failure or "closed")
    return Event(scenario, repeat, max((length for begin, length in after if begin <= at + WITHIN_S), default=PAUSE_S))

  @staticmethod
  def unknown(scenario: str, repeat: int, failure: str) -> Event:
    """Of an event that could not be measured."""
    return Event(scenario, repeat, math.nan, f"not measured: {failure}")


def write_events(path: Path, events: list[Event]) -> None:
  """A line an event."""
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(field.name for field in dataclasses.fields(Event))
    writer.writerows(dataclasses.astuple(event) for event in events)


def read_events(path: Path) -> list[Event]:
  """What write_events wrote; nothing where there is no file."""
  if not path.exists():
    return []
  with path.open(newline="") as file:
    return [Event(row["scenario"], int(row["repeat"]), float(row["stall_s"]), row["failure"])
            for row in csv.DictReader(file)]
