"""What came of one event, judged by the calls around it."""

from __future__ import annotations

import csv
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

from ...loads.calls import Call

GRACE_S = 1.0


@dataclass(frozen=True)
class Outcome:
  """One event of a scenario."""

  scenario: str
  repeat: int
  recovery_s: float
  """From the moment at which an answer became possible again to the first good one; infinite if none came."""
  calls: int
  failed: int
  avoidable: float
  """Failed calls whose deadline was GRACE_S or more after that moment: a gateway that waits could have answered them."""
  streams: int
  survived: float
  event_s: float
  """When it happened, on the clock of the calls."""
  own_lateness_ms: float = 0
  """P99 of the lateness of the callers' own timers."""
  failure: str = ""
  """Why the subject cannot have recovered, or why nothing is known; what is not known is NaN."""

  @staticmethod
  def never(scenario: str, repeat: int, streams: int, failure: str) -> Outcome:
    """Of a subject that died on the way or never answered. How many calls it would have failed is not known."""
    return Outcome(scenario, repeat, math.inf, 0, 0, math.nan, streams, 0, math.nan, failure=failure)

  @staticmethod
  def unknown(scenario: str, repeat: int, streams: int, failure: str) -> Outcome:
    """Of an event that could not be measured through no fault of the subject's."""
    return Outcome(scenario, repeat, math.nan, 0, 0, math.nan, streams, math.nan, math.nan, failure=f"not measured: {failure}")

  def died(self, failure: str) -> Outcome:
    """The same of a subject that is found dead after it: an answer before that is no recovery."""
    return dataclasses.replace(self, recovery_s=math.inf, survived=0, failure=failure)

  @staticmethod
  def of(scenario: str, repeat: int, calls: list[Call], *, event_s: float, outage_s: float, deadline_s: float, streams: int,
         survived: int, own_lateness_ms: float = 0) -> Outcome:
    """Judges the calls of a series in which the event was at `event_s`.

    Only calls that began after the event show that the link works again: others may have been answered before it, with the answer on its way.
    """
    back = event_s + outage_s
    answered = [call.end_s for call in calls if call.good and call.start_s >= event_s and call.end_s >= back]
    failed = [call for call in calls if not call.good]
    return Outcome(
      scenario, repeat, min(answered, default=math.inf) - back, len(calls), len(failed),
      sum(call.start_s + deadline_s >= back + GRACE_S for call in failed), streams, survived, event_s,
      own_lateness_ms)


def write_outcomes(path: Path, outcomes: list[Outcome]) -> None:
  """A line an event."""
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(field.name for field in dataclasses.fields(Outcome))
    writer.writerows(dataclasses.astuple(outcome) for outcome in outcomes)


def read_outcomes(path: Path) -> list[Outcome]:
  """What write_outcomes wrote."""
  kinds = {"scenario": str, "failure": str, "repeat": int, "calls": int, "failed": int, "streams": int}
  with path.open(newline="") as file:
    return [Outcome(**{name: kinds.get(name, float)(value) for name, value in row.items()}) for row in csv.DictReader(file)]
