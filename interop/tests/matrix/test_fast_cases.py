"""Every fast case of the interop matrix with every peer that can do it, quicgw in both roles; the rest is run by interop/peers."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from interop.matrix import cell, ends
from interop.matrix.cases import CASES, Case
from interop.matrix.cases.plain import Multiplexing
from interop.matrix.ends import quicgw
from interop.matrix.results import Outcome

pytestmark = [pytest.mark.quicgw, pytest.mark.usefixtures("may_capture")]

FEWER_STREAMS = Multiplexing(400)
SLOW = {("retry", "caddy", ends.CLIENT)}
"""Cells of fast cases that take long: Caddy demands a Retry only in a flood."""


def _cells() -> Iterator:
  for case in [*(each for each in CASES.values() if each.fast), FEWER_STREAMS]:
    for role in ends.ROLES:
      for peer in ends.peers():
        possible = ends.plays(peer, role) and case.name not in {*ends.end(peer).CANNOT[role], *quicgw.CANNOT[role]}
        if possible and (case.name, peer, role) not in SLOW:
          yield pytest.param(case, peer, role, id=f"{case.name}-{peer}-quicgw_as_{role}")


@pytest.mark.parametrize(("case", "peer", "role"), list(_cells()))
def test_passes(case: Case, peer: str, role: str, tmp_path: Path):
  result = cell.run(case, peer, role, tmp_path / "cell")
  assert result.outcome is Outcome.PASSED, f"{result.why}; logs in {result.logs}"
