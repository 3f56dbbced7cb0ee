"""What is said of an event by the calls around it."""

from __future__ import annotations

import math

from interop.loads.calls import Call
from interop.measures.recovery.outcome import Outcome, read_outcomes, write_outcomes


def outcome(*calls: Call, outage_s: float = 10) -> Outcome:
  return Outcome.of("blackout", 0, list(calls), event_s=3, outage_s=outage_s, deadline_s=10, streams=8, survived=6)


def test_recovery_counts_from_the_end_of_the_outage_to_the_first_good_answer():
  assert outcome(Call(5, 8_500, "OK"), Call(12, 3_000, "OK")).recovery_s == 0.5


def test_an_answer_that_was_on_its_way_when_the_event_came_shows_nothing():
  on_its_way = Call(2.9, 200, "OK")
  assert outcome(on_its_way, Call(4, 1_000, "OK"), outage_s=0).recovery_s == 2
  assert outcome(on_its_way, outage_s=0).recovery_s == math.inf


def test_failed_calls_are_told_apart_by_whether_they_could_have_been_answered():
  hopeless, refused, late = Call(3.5, 10_000, "DEADLINE_EXCEEDED"), Call(4.5, 50, "UNAVAILABLE"), Call(20, 10_000, "DEADLINE_EXCEEDED")
  found = outcome(hopeless, refused, late, Call(21, 200, "OK"))
  assert (found.calls, found.failed, found.avoidable) == (4, 3, 2)
  assert found.recovery_s == 8.2


def test_outcomes_are_kept_as_they_were(tmp_path):
  outcomes = [outcome(Call(5, 8_500, "OK")), outcome(Call(5, 10, "UNAVAILABLE"))]
  write_outcomes(tmp_path / "outcomes.csv", outcomes)
  assert read_outcomes(tmp_path / "outcomes.csv") == outcomes
  assert (outcomes[1].recovery_s, outcomes[1].event_s) == (math.inf, 3)
