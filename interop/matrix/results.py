"""What came of each cell of the matrix, and the folder that says so to people and to programs."""

from __future__ import annotations

import functools
import json
import platform
import time
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from . import ends
from .cases import CASES


class Outcome(Enum):
  PASSED = "passed"
  FAILED = "failed"
  PEER_CANNOT = "peer cannot"
  QUICGW_CANNOT = "quicgw cannot"
  NOT_YET = "not yet"


SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗ failed", Outcome.PEER_CANNOT: "peer cannot", Outcome.QUICGW_CANNOT: "quicgw cannot",
         Outcome.NOT_YET: "not yet"}


@dataclass(frozen=True)
class Result:
  """One cell: a case with one peer, and quicgw in one role."""

  case: str
  peer: str
  role: str
  """Quicgw's."""
  outcome: Outcome
  why: str
  """What was seen, or why not; one sentence."""
  seconds: float = 0
  where: str = ""
  """`loopback`, or the link's profile and driver."""
  logs: str = ""
  """The folder with logs, capture and keys of a cell that failed or was to be kept."""

  def __str__(self) -> str:
    where = f"{self.where}: " if self.where else ""
    return f"{self.case} with {self.peer}, quicgw as {self.role}: {self.outcome.value} ({where}{self.why})"


def write(folder: Path, results: list[Result], circumstances: dict[str, str]) -> str:
  """Writes matrix.json and matrix.md into the folder; the latter's text."""
  folder.mkdir(parents=True, exist_ok=True)
  cells = [asdict(each) | {"outcome": each.outcome.value} for each in results]
  versions = {peer: _version(peer) for peer in dict.fromkeys(["quicgw", *(each.peer for each in results)])}
  made = {"made": time.strftime("%Y-%m-%d %H:%M:%S"), "kernel": platform.release(), **circumstances}
  (folder / "matrix.json").write_text(json.dumps({"circumstances": made, "versions": versions, "cells": cells}, indent=1) + "\n")
  text = _markdown(results, versions, made)
  (folder / "matrix.md").write_text(text)
  return text


@functools.cache
def _version(peer: str) -> str:
  return ends.end(peer).version()


def _markdown(results: list[Result], versions: dict[str, str], made: dict[str, str]) -> str:
  lines = ["# Interop matrix", "", "The cases of the QUIC Interop Runner over HTTP/3 with mutual TLS, each judged by what crossed the wire.", ""]
  lines += [f"* {name}: {value}" for name, value in made.items()]
  lines += [f"* {ends.end(peer).TITLE}: {version}" for peer, version in versions.items()]
  for role in ends.ROLES:
    if own := [each for each in results if each.role == role]:
      lines += ["", f"## quicgw as {role}", "", *_table(own)]
  lines += ["", "## What is done", ""]
  lines += [f"* **{name}**: {case.about} ({case.profile or 'loopback'})" for name, case in CASES.items() if name in {each.case for each in results}]
  for outcome in (Outcome.FAILED, Outcome.NOT_YET, Outcome.QUICGW_CANNOT, Outcome.PEER_CANNOT, Outcome.PASSED):
    if own := [each for each in results if each.outcome is outcome]:
      lines += ["", f"## {outcome.value.capitalize()}: {len(own)}", "", *_reasons(own)]
  return "\n".join(lines) + "\n"


def _table(results: list[Result]) -> list[str]:
  """A line a case, a column a peer."""
  peers = list(dict.fromkeys(each.peer for each in results))
  cells = {(each.case, each.peer): each for each in results}
  lines = ["| case | " + " | ".join(ends.end(peer).TITLE for peer in peers) + " |", "|---" * (len(peers) + 1) + "|"]
  for case in CASES:
    row = [cells.get((case, peer)) for peer in peers]
    if any(row):
      lines.append(f"| {case} | " + " | ".join(SIGNS[each.outcome] if each else "" for each in row) + " |")
  return lines


def _reasons(results: list[Result]) -> list[str]:
  """A line for each reason, with the peers that have it."""
  by_reason: dict[tuple[str, str, str, str], list[str]] = {}
  for each in results:
    logs = f" Logs: {each.logs}" if each.logs else ""
    by_reason.setdefault((each.case, each.role, each.why, logs), []).append(each.peer)
  return [f"* **{case}**, quicgw as {role}, {', '.join(peers)}: {why}.{logs}" for (case, role, why, logs), peers in by_reason.items()]
