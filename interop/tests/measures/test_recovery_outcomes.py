"""What is said of an event by the calls around it."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace

import pytest

from interop.lib.process import Died
from interop.lib.waiting import TookTooLong
from interop.loads.calls import Call
from interop.measures import Settings
from interop.measures.deployments import HarnessFailed
from interop.measures.recovery import job
from interop.measures.recovery.figures import figures
from interop.measures.recovery.outcome import Outcome, read_outcomes, write_outcomes
from interop.measures.recovery.scenarios import SCENARIOS
from interop.measures.recovery.tables import tables
from interop.measures.statistics.comparison import Verdict


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


REPEATS = 6
NAMED = {scenario.name: scenario for scenario in SCENARIOS}


def write(folder, scenario: str, **subjects: list[Outcome]) -> None:
  for subject, outcomes in subjects.items():
    write_outcomes(folder / f"{subject}-outcomes.csv", [dataclasses.replace(each, scenario=scenario, repeat=repeat)
                                                        for repeat, each in enumerate(outcomes)])


def recovered(seconds: float, **changes: object) -> Outcome:
  return dataclasses.replace(outcome(Call(13, seconds * 1000, "OK")), **changes)


def found(folder, scenario: str, subjects: list[str], metric: str = "recovery"):
  return {each.subject: each for each in figures(folder, "lte", subjects, [NAMED[scenario]], REPEATS) if each.metric == metric}


def test_a_subject_that_died_after_it_answered_has_not_recovered(tmp_path):
  died = recovered(1).died("core ended with -6")
  write(tmp_path, "blackout_2s", quicgw=[recovered(1)] * 6, envoy_h2=[died] * 4 + [Outcome.never("", 0, 8, "no call was answered")] * 2)
  peer = found(tmp_path, "blackout_2s", ["quicgw", "envoy_h2"])["envoy_h2"]
  assert (peer.value, peer.count, peer.missing, peer.verdict) == (math.inf, 6, 0, Verdict.WORSE)
  assert found(tmp_path, "blackout_2s", ["quicgw", "envoy_h2"], "survived")["envoy_h2"].value == 0
  # What calls it would have failed is not known where there were none.
  assert found(tmp_path, "blackout_2s", ["quicgw", "envoy_h2"], "avoidable")["envoy_h2"].count == 4


def test_events_that_could_not_be_measured_are_counted_and_nothing_is_judged(tmp_path):
  write(tmp_path, "blackout_2s", quicgw=[recovered(1)] * 6, envoy_h2=[recovered(9)] * 5 + [Outcome.unknown("", 0, 8, "the origin ended with 1")],
        caddy_h2=[recovered(9)] * 6)
  subjects = ["quicgw", "envoy_h2", "caddy_h2"]
  by = found(tmp_path, "blackout_2s", subjects)
  assert (by["envoy_h2"].value, by["envoy_h2"].count, by["envoy_h2"].missing, by["envoy_h2"].verdict) == (9, 5, 1, Verdict.UNKNOWN)
  assert by["caddy_h2"].verdict is Verdict.WORSE
  text = tables(list(by.values()), subjects, Settings(repeats=REPEATS), tmp_path, [NAMED["blackout_2s"]])
  assert "| 9.00, worst 9.00, 5 of 6 measured |" in text
  assert "- envoy_h2, black-out of 2 s, 6: not measured: the origin ended with 1" in text


@pytest.mark.parametrize("error, recovery, survived, failure, failures", [
  (Died("core ended with -6: core --config\nits last words"), math.inf, 0, "core ended with -6: core --config", 0),
  (TookTooLong("no request crosses the link within 60 s"), math.inf, 0, "no request crosses the link within 60 s", 0),
  (HarnessFailed("the origin ended with 1"), math.nan, math.nan, "not measured: the origin ended with 1", 1),
  (OSError(), math.nan, math.nan, "not measured: OSError", 1)])
def test_an_event_that_ends_in_an_exception_is_an_outcome_by_whose_fault_it_is(capsys, error, recovery, survived, failure, failures):
  def deploy(_kind):
    raise error

  place = SimpleNamespace(deploy=deploy, failures=0)
  got, calls = job._measured(place, NAMED["blackout_2s"], 3)
  assert (got.recovery_s, got.survived) == pytest.approx((recovery, survived), nan_ok=True)
  assert (got.repeat, got.failure, calls, place.failures) == (3, failure, [], failures)


@pytest.mark.parametrize("scenario, late_ms, verdict", [
  ("core_restart", 0, Verdict.UNKNOWN), ("blackout_2s", 0, Verdict.WORSE), ("blackout_2s", 6, Verdict.UNKNOWN)])
def test_neither_the_start_of_a_python_origin_nor_a_busy_machine_is_judged(tmp_path, scenario, late_ms, verdict):
  write(tmp_path, scenario, quicgw=[recovered(1)] * 6, tls_tcp_bbr=[recovered(9, own_lateness_ms=late_ms)] * 6)
  subjects = ["quicgw", "tls_tcp_bbr"]
  by = found(tmp_path, scenario, subjects)
  assert by["tls_tcp_bbr"].verdict is verdict
  text = tables(list(by.values()), subjects, Settings(repeats=REPEATS), tmp_path, [NAMED[scenario]])
  assert ("9.00, worst 9.00, starts Python" in text) is (scenario == "core_restart")
