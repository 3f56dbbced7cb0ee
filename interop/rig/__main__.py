"""interop/link: a world by hand. Commands on its standard input change it while it lives."""

from __future__ import annotations

import argparse
import signal
import sys

from ..lib import programs
from ..lib.process import Died
from . import drivers, profiles
from .addresses import INDICES
from .claim import Claim, WorldImpossible, WorldInUse
from .commands import HELP, obey
from .conditions import Conditions
from .world import World


def main() -> int:
  options = _parse()
  try:
    return options.run(options)
  except (WorldImpossible, programs.ProgramMissing, Died, ValueError) as error:
    print(f"interop/link: {error}", file=sys.stderr)
    return 1


def _profiles(_: argparse.Namespace) -> int:
  for each in profiles.PROFILES.values():
    print(f"{each.name:25} {each.about}\n{'':25} from: {each.source}")
    ways = [("forward", each.forward), ("backward", each.backward)] if each.forward != each.backward else [("each way", each.forward)]
    for way, conditions in ways:
      print(f"{'':25} {way}: {_described(conditions)}")
  return 0


def _up(options: argparse.Namespace) -> int:
  # However this is ended, what it made is removed.
  signal.signal(signal.SIGTERM, signal.default_int_handler)
  try:
    with World(options.profile, index=options.index, seed=options.seed, driver=options.driver) as world:
      print(f"{world}: {world.profile.about}")
      for end in (world.edge, world.core):
        print(f"  in the {end.name.rpartition('-')[2]} ({end.address}, {end.address6}):  {' '.join(end.argv(['COMMAND']))}")
      print(f"{HELP}\nEnds at Ctrl-C or at the end of the input.", flush=True)
      for line in sys.stdin:
        print(obey(world, line), flush=True)
  except KeyboardInterrupt:
    print()
  return 0


def _clean(options: argparse.Namespace) -> int:
  """Removes what crashed runs left behind; worlds that live are held by their claims."""
  for index in INDICES if options.index is None else [options.index]:
    try:
      claim = Claim(index)
    except WorldInUse as error:
      print(error)
      continue
    for name in claim.remove_leftovers():
      print(f"removed {name}")
    claim.release()
  return 0


def _crosscheck(options: argparse.Namespace) -> int:
  from .crosscheck import check  # Nothing else here needs numpy.

  return check.run(check.QUICK if options.quick else check.WHOLE)


def _described(conditions: Conditions) -> str:
  plain = Conditions()
  changed = {name: getattr(conditions, name) for name in vars(conditions) if getattr(conditions, name) != getattr(plain, name)}
  return ", ".join(f"{name} {value}" for name, value in changed.items()) or "nothing happens to packets"


def _parse() -> argparse.Namespace:
  parser = argparse.ArgumentParser(prog="interop/link", description=__doc__)
  commands = parser.add_subparsers(required=True)
  commands.add_parser("profiles", help="the links there are, and where their figures come from").set_defaults(run=_profiles)
  up = commands.add_parser("up", help="make a world and keep it until Ctrl-C")
  up.add_argument("profile", choices=profiles.PROFILES, metavar="PROFILE", help="one of `interop/link profiles`")
  up.add_argument("--seed", type=int, default=1, help="of the userspace link")
  up.add_argument("--driver", choices=drivers.NAMES, help="netem where the kernel has it, unless given")
  up.set_defaults(run=_up)
  clean = commands.add_parser("clean", help="remove what crashed runs left behind")
  clean.set_defaults(run=_clean)
  crosscheck = commands.add_parser("crosscheck", help="hold the userspace link against netem in user-mode Linux; 1 if they disagree")
  crosscheck.add_argument("--quick", action="store_true", help="half the pings, fewer and shorter transfers")
  crosscheck.set_defaults(run=_crosscheck)
  for each in (up, clean):
    each.add_argument("--index", type=int, help="the world's number, 0 to 99; unless given the lowest free one, or all free ones to clean")
  return parser.parse_args()


if __name__ == "__main__":
  sys.exit(main())
