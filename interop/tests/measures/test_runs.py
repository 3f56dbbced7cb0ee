"""What a run sees to itself: fresh folders, samples that failed, how busy the machine was, what subjects were told of the link."""

from __future__ import annotations

import hashlib
import json
import math

import pytest

from interop import subjects
from interop.lib import programs
from interop.lib.certificates import LinkCertificates
from interop.lib.pair import Plan
from interop.measures.cost import _figures as cost_figures
from interop.measures.cost._sampling import Sample
from interop.measures.jobs.run import fresh
from interop.measures.on_links import lateness
from interop.measures.results import circumstances
from interop.measures.results.summary import summary


def test_samples_that_failed_are_no_repetitions_and_are_said():
  samples = [Sample("memory", subject, repeat, "idle_core_mib", math.nan if failed else 10 + repeat, failed)
             for subject, failures in (("quicgw", 0), ("envoy_h2", 2)) for repeat in range(6) for failed in [repeat < failures]]
  own, peer = cost_figures.figures(samples, ["quicgw", "envoy_h2"])
  assert (own.count, own.missing, own.judged, peer.count, peer.missing, peer.judged) == (6, 0, True, 4, 2, False)
  assert ", 4 of 6 measured |" in cost_figures.table([own, peer], ["quicgw", "envoy_h2"])
  assert "- memory on loopback: envoy_h2, 4 of 6 measured" in summary([own, peer])


def test_whether_a_processor_was_measured_is_said_by_what_the_jobs_noted():
  assert "is not known" in lateness({"quicgw": {"driver": "tun"}})
  quiet, busy = {"cells": {"closed1": {"own_lateness_p99_ms": 1.5}}}, {"own_lateness_p99_ms": 7.25}
  assert "late by 1.50 ms at most (P99), within the 5 ms" in lateness({"quicgw": quiet})
  assert "late by 7.25 ms at most (P99), more than the 5 ms" in lateness({"quicgw": quiet, "tls": busy})


def test_the_program_that_was_measured_can_be_told_from_others(tmp_path, monkeypatch):
  program = tmp_path / "quicgw"
  program.write_bytes(b"one build")
  monkeypatch.setattr(programs, "quicgw", lambda: program)
  monkeypatch.setattr(programs, "quicgw_link", lambda: tmp_path / "absent")
  assert circumstances._binaries(["quicgw", "envoy_h2"]) == {"quicgw SHA-256": hashlib.sha256(b"one build").hexdigest()}
  assert circumstances._binaries(["envoy_h2"]) == {}


def test_a_folder_with_something_in_it_is_refused_in_a_sentence(tmp_path):
  assert fresh(tmp_path / "new") == tmp_path / "new" and fresh(tmp_path) == tmp_path
  (tmp_path / "quicgw.csv").write_text("old")
  with pytest.raises(FileExistsError, match="is not empty: its files would be taken for this run's; choose another --name"):
    fresh(tmp_path)


@pytest.mark.parametrize("link, told", [("h2", "connection_keepalive"), ("h3", "idle_network_timeout")])
def test_both_ends_of_an_envoy_link_keep_it_and_nothing_else(tmp_path, monkeypatch, link, told):
  monkeypatch.setattr(programs, "envoy", lambda: "envoy")
  plan = Plan(tmp_path, LinkCertificates.in_folder(tmp_path), {"origin": "h2c://127.0.0.1:1"})
  subject = subjects.subject(f"envoy_{link}")
  subject.core(plan), subject.edge(plan)
  core, edge = (json.loads((tmp_path / f"{role}.json").read_text())["static_resources"] for role in ("core", "edge"))
  for there, not_there in ((core["listeners"], core["clusters"]), (edge["clusters"], edge["listeners"])):
    assert told in json.dumps(there) and "connection_keepalive" not in json.dumps(not_there)


def test_every_subject_says_how_it_keeps_the_link():
  assert all(subjects.subject(name).LIVENESS for name in subjects.names())
