"""interop/peers: every case with every peer, quicgw in both roles, or those that are asked for; writes interop/results/NAME/matrix.*"""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import time
from pathlib import Path

from ..lib import programs
from . import cell, ends, results
from .cases import CASES
from .results import Outcome, Result

RESULTS = Path(__file__).resolve().parents[1] / "results"
Cell = tuple[str, str, str]


def main() -> int:
  options = _parse()
  if os.geteuid() != 0:
    raise SystemExit("interop/peers: start it as root, who may capture datagrams and make network namespaces")
  folder = RESULTS / (options.name or time.strftime("matrix-%Y%m%d-%H%M%S"))
  cells = _cells(_listed(options.case, list(CASES)), _listed(options.peer, ends.peers()), _listed(options.role, list(ends.ROLES)))
  try:
    gateway = programs.quicgw()
  except programs.ProgramMissing as error:
    raise SystemExit(f"interop/peers: {error}") from error
  print(f"{len(cells)} cells with {gateway}", file=sys.stderr)
  # SIGTERM, and SIGINT where a shell in the background has it ignored, end the run as Ctrl-C does: worlds and processes are cleared away.
  for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, _interrupt)
  done: list[Result] = []
  begin, text = time.monotonic(), ""
  try:
    for number, (case, peer, role) in enumerate(cells):
      logs = folder / "logs" / f"{case}-{peer}-{role}"
      result = cell.run(CASES[case], peer, role, logs, world=options.world, keep=options.keep)
      done.append(dataclasses.replace(result, logs=str(logs.relative_to(folder)) if result.logs else ""))
      # Written each time, so that a run that is stopped has not been for nothing.
      text = results.write(folder, done, {"quicgw": str(gateway)})
      print(f"[{number + 1}/{len(cells)}, {_left(begin, done, cells)} left] {done[-1]}", file=sys.stderr, flush=True)
  except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
  print(f"{text}\nin {folder}")
  return 1 if not done or any(each.outcome is Outcome.FAILED for each in done) else 0


def _interrupt(*_: object) -> None:
  raise KeyboardInterrupt


def _cells(cases: list[str], peers: list[str], roles: list[str]) -> list[Cell]:
  return [(case, peer, role) for case in cases for role in roles for peer in peers if ends.plays(peer, role)]


def _left(begin: float, done: list[Result], cells: list[Cell]) -> str:
  """An estimate, by each case's limit, of which those that ran have used a share."""
  ran = sum(CASES[each.case].limit for each in done if each.seconds)
  rest = sum(CASES[case].limit for case, _, _ in cells[len(done):])
  if not ran:
    return "some time"
  return f"{(time.monotonic() - begin) / ran * rest / 60:.0f} min"


def _listed(given: str | None, all_of: list[str]) -> list[str]:
  wanted = given.split(",") if given else all_of
  for each in wanted:
    if each not in all_of:
      raise SystemExit(f"interop/peers: no {each!r}; there are: {', '.join(all_of)}")
  return wanted


def _parse() -> argparse.Namespace:
  parser = argparse.ArgumentParser(prog="interop/peers", description=__doc__)
  parser.add_argument("--case", help=f"comma list of {', '.join(CASES)}; default all")
  parser.add_argument("--peer", help=f"comma list of {', '.join(ends.peers())}; default all")
  parser.add_argument("--role", help="quicgw's: server, client; default both")
  parser.add_argument("--name", help="the results folder; default: date and time")
  parser.add_argument("--keep", action="store_true", help="keep logs, captures and keys of every cell, not only of those that failed")
  parser.add_argument("--world", type=int, help="the index of the namespaces; the lowest free one unless given")
  return parser.parse_args()


if __name__ == "__main__":
  sys.exit(main())
