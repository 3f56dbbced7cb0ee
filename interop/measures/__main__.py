"""interop/bench NAME...: measures subjects side by side and writes a results folder. interop/bench compare A B: what changed between two."""

from __future__ import annotations

import argparse
import sys
import time

from .. import subjects
from ..lib import programs
from ..rig.profiles import profile
from ..rig.world import WorldImpossible
from . import ON_A_LINK, Settings, named, names, on_links
from .cost import _figures as cost_figures
from .cost import _sampling as cost_sampling
from .jobs.run import fresh
from .results import OWN, RESULTS
from .results.circumstances import circumstances
from .results.compare import compare, found
from .results.report import Report


def main() -> int:
  if sys.argv[1:2] == ["compare"]:
    return _compare(sys.argv[2:])
  options = _parse()
  settings = _settings(options)
  try:
    wanted = named(options.measure, quick=options.quick)
    profiles = [profile(name).name for name in options.profile.split(",")]
    chosen = options.subjects.split(",") if options.subjects else sorted(subjects.names(), key=lambda name: (name != OWN, name))
    for name in chosen:
      subjects.subject(name)
  except (LookupError, ValueError) as error:
    print(error.args[0], file=sys.stderr)
    return 2
  if OWN in chosen and not programs.have_quicgw():
    print(f"{OWN} is not built: it is left out", file=sys.stderr)
    chosen.remove(OWN)
  try:
    folder = fresh(RESULTS / (options.name or time.strftime("%Y%m%d-%H%M%S")))
  except FileExistsError as error:
    print(error, file=sys.stderr)
    return 2
  report = Report(folder, circumstances(settings, chosen, profiles))
  failed = False
  try:
    failed |= _links([name for name in wanted if name in ON_A_LINK], profiles, chosen, settings, report)
    failed |= _cost([name for name in wanted if name not in ON_A_LINK], chosen, settings, report)
  except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
    failed = True
  print(f"{report.table}\nin {report.folder}")
  return int(failed)


def _links(wanted: list[str], profiles: list[str], chosen: list[str], settings: Settings, report: Report) -> bool:
  """Every measure on every link; whether a job failed."""
  if not wanted:
    return False
  try:
    print(on_links.link(settings), file=sys.stderr)
  except WorldImpossible as error:
    print(f"{', '.join(wanted)}: {error}", file=sys.stderr)
    return True
  jobs = [on_links.measure(name, each, chosen, settings, report) for name in wanted for each in profiles]
  return any(jobs)


def _cost(wanted: list[str], chosen: list[str], settings: Settings, report: Report) -> bool:
  """Loopback has no link that a subject without gateways could cross; whether a sample failed."""
  pairs = [name for name in chosen if name in subjects.gateways()]
  if not wanted or not pairs:
    return False

  def written(samples: list[cost_sampling.Sample]) -> None:
    figures = cost_figures.figures(samples, pairs)
    report.put("cost on loopback", figures, cost_figures.table(figures, pairs))

  samples = cost_sampling.run(wanted, pairs, settings, report.folder, written)
  return any(sample.failed for sample in samples)


def _compare(words: list[str]) -> int:
  parser = argparse.ArgumentParser(prog="interop/bench compare", description="What got better or worse beyond its interval.")
  parser.add_argument("before", help="a results folder, or its name in interop/results")
  parser.add_argument("after")
  options = parser.parse_args(words)
  try:
    print(compare(found(options.before), found(options.after)))
  except LookupError as error:
    print(error.args[0], file=sys.stderr)
    return 2
  return 0


def _settings(options: argparse.Namespace) -> Settings:
  return Settings(
    repeats=options.repeats or (1 if options.quick else 5), loops=options.loops, calls=options.calls, bulk_bytes=1 << (28 if options.quick else 30),
    idle_connections=(1000,) if options.quick else (1000, 10_000), quick=options.quick, seed=options.seed, driver=options.driver,
    limit_s=options.limit, congestion=options.congestion)


def _parse() -> argparse.Namespace:
  measures = f"Measures: all; cost, for all on loopback; {', '.join(names())}."
  parser = argparse.ArgumentParser(prog="interop/bench", description=__doc__, epilog=measures)
  parser.add_argument("measure", nargs="+", help="what to measure; `compare A B` compares two results folders")
  parser.add_argument("--subjects", help=f"comma list of {', '.join(subjects.names())}; default all")
  parser.add_argument("--profile", default="loss5_200ms", help="comma list of links for latency, bulk and recovery; default %(default)s")
  parser.add_argument("--repeats", type=int, help="samples, transfers, events; 20 for a quoted recovery; default 5, in a look 1")
  parser.add_argument("--calls", type=int, help="calls of a latency cell (default 3000) or of a cost sample (100 000)")
  parser.add_argument("--quick", action="store_true",
                      help="a look: fewer calls, bytes and events; not for quoting. `all` takes about five minutes then")
  parser.add_argument("--seed", type=int, default=1, help="of the link, the callers' times and the bootstrap; default %(default)s")
  parser.add_argument("--driver", choices=["netem", "tun"], help="of the link; default: netem where the kernel has it")
  parser.add_argument("--limit", type=float, default=60, help="seconds that one bulk transfer may take; default %(default)s")
  parser.add_argument("--congestion", default="bbr", help="the kernel's control for gateways over TCP; default %(default)s")
  parser.add_argument("--loops", type=int, help="event loops of each process; default: each subject's own")
  parser.add_argument("--name", help="the results folder in interop/results, new or empty; default: date and time")
  return parser.parse_args()


if __name__ == "__main__":
  sys.exit(main())
