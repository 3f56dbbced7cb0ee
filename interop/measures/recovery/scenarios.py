"""What goes wrong, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ... import subjects
from ...rig.world import World
from .. import Settings
from ..deployments import Deployment, HarnessFailed


@dataclass(frozen=True)
class Scenario:
  """One event. `happen` returns when it has happened, which for a black-out is when it has begun."""

  name: str
  title: str
  happen: Callable[[World, Deployment], None]
  outage_s: float = 0
  """How long nothing can be answered whatever anybody does."""
  needs_edge: bool = False
  starts_core: bool = False
  """Without gateways that is the origin: what is timed is the start of a Python program, by which nothing is judged."""

  def applies(self, subject: str) -> bool:
    """Whether the subject has what it happens to."""
    return not self.needs_edge or subject in subjects.gateways()


  def judges(self, subject: str) -> bool:
    """Whether what is seen is the subject's own doing."""
    return not self.starts_core or subject in subjects.gateways()


def _by_world(act: Callable[[World], None]) -> Callable[[World, Deployment], None]:
  """What the link does; its failures are none of a subject's."""
  def happen(world: World, _: Deployment) -> None:
    try:
      act(world)
    except AssertionError as error:
      raise HarnessFailed(str(error)) from error

  return happen


def _black_out(seconds: float) -> Scenario:
  return Scenario(f"blackout_{seconds:g}s", f"black-out of {seconds:g} s", _by_world(lambda world: world.black_out(seconds)), outage_s=seconds)


SCENARIOS = (
  _black_out(2), _black_out(10), _black_out(60),
  Scenario("core_restart", "core killed and started", lambda _, deployment: deployment.restart_core(), starts_core=True),
  Scenario("edge_restart", "edge killed and started", lambda _, deployment: deployment.restart_edge(), needs_edge=True),
  Scenario("rebind_port", "NAT gives the edge another port", _by_world(World.rebind_port)),
  Scenario("rebind_address", "NAT gives the edge another address", _by_world(World.rebind_address)),
  Scenario("move_edge", "edge gets another address of its own", _by_world(World.move_edge)))
QUICK = ("blackout_2s", "blackout_10s", "core_restart", "move_edge")
"""What a look takes."""


def scenarios(settings: Settings) -> list[Scenario]:
  """Those that a run takes, each as often as it repeats, each time with gateways that were started for it."""
  return [each for each in SCENARIOS if each.name in QUICK or not settings.quick]
