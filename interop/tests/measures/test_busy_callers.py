"""Latency cells are judged only by callers that were not late themselves, and counts by each subject's own number of calls."""

from __future__ import annotations

import json

import numpy as np
import pytest

from interop.loads.calls import Call, write_calls
from interop.loads.own_lateness import LIMIT_MS
from interop.measures import Settings
from interop.measures.latency.figures import figures
from interop.measures.statistics.comparison import Verdict

CELL = "closed1_100B"
SETTINGS = Settings(quick=True)


def write(folder, subject: str, middle: float, *, calls: int = 400, packets: int = 2000, late_ms: float = 1.0) -> None:
  latencies = np.random.default_rng(len(subject)).normal(middle, 5, calls)
  write_calls(folder / f"{subject}.csv", {CELL: [Call(place * 0.2, latency, "OK") for place, latency in enumerate(latencies)]})
  (folder / f"{subject}.json").write_text(json.dumps({"cells": {CELL: {
    "calls": calls, "failed": 0, "packets_forward": packets, "packets_backward": packets, "own_lateness_p99_ms": late_ms}}}))


def verdicts(folder) -> dict[str, Verdict]:
  found, _ = figures(folder, "lte", ["quicgw", "envoy_h2"], SETTINGS)
  return {figure.metric: figure.verdict for figure in found if (figure.cell, figure.subject) == (CELL, "envoy_h2")}


def test_packets_are_those_of_a_call_of_the_subjects_own(tmp_path):
  write(tmp_path, "quicgw", 200, calls=200, packets=1000)
  write(tmp_path, "envoy_h2", 300, calls=400, packets=2000)
  by = verdicts(tmp_path)
  assert by["p50"] is Verdict.WORSE and by["packets_forward"] is by["packets_backward"] is by["failed"] is Verdict.SAME


@pytest.mark.parametrize("own, other", [(LIMIT_MS + 1, 1), (1, LIMIT_MS + 1)])
def test_a_cell_with_late_callers_on_either_side_is_not_judged(tmp_path, own, other):
  write(tmp_path, "quicgw", 200, late_ms=own)
  write(tmp_path, "envoy_h2", 300, packets=9000, late_ms=other)
  assert set(verdicts(tmp_path).values()) == {Verdict.UNKNOWN}
