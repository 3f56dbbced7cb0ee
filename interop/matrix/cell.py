"""One cell of the matrix: a case with one peer and quicgw in one role, run to its end within a limit."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from . import ends, place
from .cases import Case
from .ends import quicgw
from .results import Outcome, Result
from .stage import Failed, Lacking, Missing, Stage

GRACE_S = 20
"""What a case may take beyond its limit for starting, stopping and reading its capture."""


class TookTooLong(Failed):
  """A case did not come to its end."""


def run(case: Case, peer: str, role: str, folder: Path, *, world: int | None = None, keep: bool = False) -> Result:
  """Runs a cell in a folder of its own, which stays when it has failed.

  world -- the index of the world for cases with a link; the lowest free one when None.
  keep -- lets the folder stay in any case.
  """
  if reason := quicgw.CANNOT[role].get(case.name):
    return Result(case.name, peer, role, Outcome.QUICGW_CANNOT, reason)
  if reason := ends.end(peer).CANNOT[role].get(case.name):
    return Result(case.name, peer, role, Outcome.PEER_CANNOT, reason)
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  begin, grounds = time.monotonic(), []
  outcome, why = _judge(case, peer, role, lambda: _perform(case, peer, role, folder, world, grounds))
  kept = keep or outcome is Outcome.FAILED
  if not kept:
    shutil.rmtree(folder)
  where = grounds[0] if grounds else ""
  return Result(case.name, peer, role, outcome, _sentence(why), round(time.monotonic() - begin, 1), where, str(folder) if kept else "")


def _judge(case: Case, peer: str, role: str, perform: Callable[[], str]) -> tuple[Outcome, str]:
  """What comes of the case, and what it says."""
  cannot, not_yet = quicgw.LACKS[role].get(case.name), quicgw.NOT_YET[role].get(case.name)
  peer_cannot = ends.end(peer).LACKS[role].get(case.name)
  try:
    seen = perform()
    stale = cannot or not_yet or peer_cannot
    return Outcome.PASSED, f"{seen}; so it is no longer true that {stale}" if stale else seen
  except Missing as missing:
    return _known(Outcome.QUICGW_CANNOT, cannot, missing) if cannot else _known(Outcome.NOT_YET, not_yet, missing)
  except Lacking as lacking:
    return _known(Outcome.PEER_CANNOT, peer_cannot, lacking)
  except Exception as error:  # noqa: BLE001, whatever ends one cell is its result and not the end of the others
    return Outcome.FAILED, str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"


def _known(outcome: Outcome, reason: str | None, seen: Failed) -> tuple[Outcome, str]:
  """What an end did not do is a failure unless it is known that it does not."""
  return (outcome, f"{reason}; seen: {seen}") if reason else (Outcome.FAILED, str(seen))


def _perform(case: Case, peer: str, role: str, folder: Path, world: int | None, grounds: list[str]) -> str:
  """Sets the stage, runs the case and clears the stage; notes in `grounds` where it was."""
  client, server = (peer, ends.QUICGW) if role == ends.SERVER else (ends.QUICGW, peer)
  where = place.linked(case.profile, world) if case.profile else place.loopback(case.host)
  with where as ground:
    grounds.append(ground.name)
    stage = Stage(ends.end(server), ends.end(client), ground, folder, case.limit)
    try:
      with _limit(case.limit + GRACE_S):
        return case.run(stage)
    finally:
      stage.kill()


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
  """Raises TookTooLong in this, the main, thread when the block takes longer."""

  def expire(*_: object) -> None:
    raise TookTooLong(f"did not come to its end within {seconds:.0f} s")

  before = signal.signal(signal.SIGALRM, expire)
  signal.setitimer(signal.ITIMER_REAL, seconds)
  try:
    yield
  finally:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def _sentence(text: str) -> str:
  """One line that fits a table's notes."""
  return " ".join(text.split())[:400].rstrip(".")
