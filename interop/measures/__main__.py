"""interop/bench: takes subjects in turns, sample by sample, so that a disturbance hits all of them; writes a results folder."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from .. import measures, subjects
from ..lib import programs
from . import Settings
from ._report import Sample, write_results

RESULTS = Path(__file__).resolve().parents[1] / "results"


def main() -> int:
  options = _parse()
  settings = Settings(
    repeats=options.repeats, loops=options.loops, calls=20_000 if options.quick else options.calls,
    bulk_bytes=1 << (28 if options.quick else 30))
  wanted = measures.names() if "all" in options.measure else options.measure
  pairs = options.subjects.split(",") if options.subjects else subjects.names()
  if "quicgw" in pairs and not programs.have_quicgw():
    print("quicgw is not built: it is left out", file=sys.stderr)
    pairs.remove("quicgw")
  samples: list[Sample] = []
  folder, table = RESULTS / (options.name or time.strftime("%Y%m%d-%H%M%S")), ""
  total, begin = settings.repeats * len(wanted) * len(pairs), time.monotonic()
  try:
    for repeat in range(settings.repeats):
      for name in wanted:
        for subject in pairs:
          samples += _sample(name, subject, repeat, settings)
          # Written each time, so that a run that is stopped has not been for nothing.
          table = write_results(folder, samples, settings, pairs)
          done = repeat * len(wanted) * len(pairs) + wanted.index(name) * len(pairs) + pairs.index(subject) + 1
          left = (time.monotonic() - begin) / done * (total - done)
          print(f"[{done}/{total}, {left / 60:.0f} min left] {name} {subject}: "
                + ", ".join(f"{each.metric} {each.value:.3g}" for each in samples if (each.measure, each.subject, each.repeat) == (name, subject, repeat)),
                file=sys.stderr, flush=True)
  except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
  print(f"{table}\nin {folder}")
  return 0 if len(samples) and not any(sample.failed for sample in samples) else 1


def _sample(name: str, subject: str, repeat: int, settings: Settings) -> list[Sample]:
  measure = measures.measure(name)
  with tempfile.TemporaryDirectory(prefix="interop-bench-") as scratch:
    try:
      values = measure.measure(subject, Path(scratch), settings)
    except Exception as error:  # noqa: BLE001, one subject's failure is a result, not the end of the others' run
      print(f"{name} {subject}: {type(error).__name__}: {str(error)[:500]}", file=sys.stderr)
      return [Sample(name, subject, repeat, metric, float("nan"), True) for metric in measure.METRICS]
  return [Sample(name, subject, repeat, metric, value, False) for metric, value in values.items()]


def _parse() -> argparse.Namespace:
  parser = argparse.ArgumentParser(prog="interop/bench", description=__doc__)
  parser.add_argument("measure", nargs="+", choices=[*measures.names(), "all"])
  parser.add_argument("--subjects", help=f"comma list of {', '.join(subjects.names())}; default all")
  parser.add_argument("--repeats", type=int, default=5)
  parser.add_argument("--loops", type=int, help="event loops of each process; default: each subject's own")
  parser.add_argument("--calls", type=int, default=100_000, help="calls of a cost sample")
  parser.add_argument("--quick", action="store_true", help="a fifth of the calls, a quarter of the bytes")
  parser.add_argument("--name", help="the results folder; default: date and time")
  return parser.parse_args()


if __name__ == "__main__":
  sys.exit(main())
