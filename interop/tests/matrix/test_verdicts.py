"""How cells are judged and reported: nothing is skipped in silence, and what an end did not do is excused only where that is written down."""

from __future__ import annotations

import json
from typing import Callable

import pytest

from interop.matrix import cell, ends, results
from interop.matrix.cases import CASES
from interop.matrix.ends import quicgw
from interop.matrix.results import Outcome, Result
from interop.matrix.stage import Failed, Lacking, Missing

RUNNER = ("handshake transfer longrtt chacha20 multiplexing retry resumption zerortt http3 blackhole keyupdate ecn amplificationlimit handshakeloss "
          "transferloss handshakecorruption transfercorruption ipv6 v2 rebind-port rebind-addr connectionmigration versionnegotiation")
"""The cases of the QUIC Interop Runner."""


def raising(error: Exception) -> Callable[[], str]:
  def perform() -> str:
    raise error

  return perform


def test_all_cases_of_the_runner_are_there():
  assert list(CASES) == RUNNER.split()


@pytest.mark.parametrize("name", [ends.QUICGW, *ends.peers()])
def test_tables_name_cases_that_exist(name: str):
  end = ends.end(name)
  for table in (end.CANNOT, end.LACKS, getattr(end, "NOT_YET", {})):
    for role, reasons in table.items():
      assert set(reasons) <= set(CASES)
      assert name == ends.QUICGW or ends.plays(name, role)


@pytest.mark.parametrize(("case", "peer", "role", "error", "outcome"), [
  ("zerortt", "aioquic", ends.CLIENT, Missing("no early data"), Outcome.NOT_YET),
  ("handshake", "aioquic", ends.SERVER, Missing("no early data"), Outcome.FAILED),
  ("v2", "ngtcp2", ends.CLIENT, Missing("version 1"), Outcome.QUICGW_CANNOT),
  ("ecn", "aioquic", ends.SERVER, Lacking("no marks"), Outcome.PEER_CANNOT),
  ("ecn", "caddy", ends.SERVER, Lacking("no marks"), Outcome.FAILED),
  ("zerortt", "aioquic", ends.CLIENT, Failed("another file came"), Outcome.FAILED),
  ("ecn", "aioquic", ends.SERVER, OSError("no such device"), Outcome.FAILED)])
def test_what_is_excused(case: str, peer: str, role: str, error: Exception, outcome: Outcome):
  found, why = cell._judge(CASES[case], peer, role, raising(error))
  assert found is outcome
  assert str(error) in why


def test_a_table_that_is_no_longer_true_is_told_of():
  found, why = cell._judge(CASES["zerortt"], "aioquic", ends.CLIENT, lambda: "early data was accepted")
  assert found is Outcome.PASSED
  assert quicgw.NOT_YET[ends.CLIENT]["zerortt"] in why


def test_what_cannot_be_tried_says_why(tmp_path):
  result = cell.run(CASES["versionnegotiation"], "aioquic", ends.CLIENT, tmp_path / "cell")
  assert (result.outcome, result.why) == (Outcome.QUICGW_CANNOT, quicgw.CANNOT[ends.CLIENT]["versionnegotiation"])
  assert not (tmp_path / "cell").exists()


def test_a_case_that_does_not_end(monkeypatch):
  import time

  monkeypatch.setattr(cell, "GRACE_S", 0)
  with pytest.raises(cell.TookTooLong), cell._limit(0.1):
    time.sleep(5)


def test_the_report(tmp_path):
  cells = [
    Result("handshake", "aioquic", ends.SERVER, Outcome.PASSED, "one connection", 1.2, "loopback"),
    Result("handshake", "qh3", ends.SERVER, Outcome.FAILED, "two connections", 1.3, "loopback", "logs/handshake-qh3-server"),
    Result("retry", "envoy", ends.CLIENT, Outcome.PEER_CANNOT, "sends no Retry")]
  text = results.write(tmp_path / "some", cells, {})
  assert (tmp_path / "some" / "matrix.md").read_text() == text
  assert "| handshake | ✓ | ✗ failed |" in text
  assert "| retry | peer cannot |" in text
  assert "* **handshake**, quicgw as server, qh3: two connections. Logs: logs/handshake-qh3-server" in text
  read = json.loads((tmp_path / "some" / "matrix.json").read_text())
  assert [each["outcome"] for each in read["cells"]] == ["passed", "failed", "peer cannot"]
  assert set(read["versions"]) == {"quicgw", "aioquic", "qh3", "envoy"}
