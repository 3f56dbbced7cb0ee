"""What may be told to a world while it lives, a line each."""

from __future__ import annotations

import dataclasses

from .drivers import LinkRefused
from .namespaces import CommandFailed
from .world import World

HELP = ("Commands: change PROFILE | down | up | blackout SECONDS | rebind port | rebind address | move | cc edge|core ALGORITHM | counters")


def obey(world: World, line: str) -> str:
  """Does what the line says; the answer for a person."""
  words = line.split()
  try:
    match words:
      case []:
        return HELP
      case ["change", name]:
        world.change(name)
        return str(world)
      case ["down"]:
        world.down()
      case ["up"]:
        world.up()
      case ["blackout", seconds]:
        world.black_out(float(seconds))
      case ["rebind", "port"]:
        world.rebind_port()
      case ["rebind", "address"]:
        world.rebind_address()
        return f"the core sees {' and '.join(world.seen_by_core)}"
      case ["move"]:
        world.move_edge()
        return f"the edge is {world.edge.address} and {world.edge.address6}"
      case ["cc", "edge" | "core" as end, name]:
        getattr(world, end).tcp_congestion_control(name)
      case ["counters"]:
        return _counters(world)
      case _:
        return f"{line.strip()!r} is no command. {HELP}"
  except (ValueError, LinkRefused, CommandFailed) as error:
    return str(error)
  return "done"


def _counters(world: World) -> str:
  counters = world.counters()
  lines = []
  for way in ("forward", "backward"):
    values = dataclasses.asdict(getattr(counters, way))
    lines.append(f"{way:9}" + ", ".join(f"{name} {'unknown' if value is None else value}" for name, value in values.items()))
  if counters.lateness_us:
    lines.append("lateness " + ", ".join(f"{name} {value} us" for name, value in counters.lateness_us.items()))
  return "\n".join(lines)
