"""An edge in this process's namespace, a core and an origin behind it in the core's."""

from __future__ import annotations

from pathlib import Path

from ...clients.grpc_calls import call_crosses
from ...lib.pair import Pair
from ...loads.channel import UNARY
from ...loads.target import Target
from ...rig.world import World
from .. import Settings
from .deployment import Deployment
from .origins import Kind, Origin


class Gateways(Deployment):
  """Clients → edge → link → core → origin."""

  def __init__(self, subject: str, world: World, kind: Kind, folder: Path, files: Path | None, settings: Settings) -> None:
    self._origin = Origin(kind, world.core, folder, files, None)
    self._pair: Pair | None = None
    try:
      self._origin.start()
      probe = {} if kind is Kind.FILES else {"probe": call_crosses}
      self._pair = Pair(
        self._origin.url, subject=subject, world=world, loops=settings.loops, keeps_state=True, idempotent=[UNARY], **probe)
      self._pair.start()
    except BaseException:
      if self._pair:
        self._pair.report()
      self.stop()
      raise

  @property
  def calls(self) -> Target:
    return Target("127.0.0.1", self._pair.port, self._pair.plan.server_name)

  @property
  def downloads(self) -> Target:
    return self.calls

  def restart_core(self) -> None:
    self._pair.core.kill()
    self._pair.start_core()

  def restart_edge(self) -> None:
    """The same as restart_core at the near end, which only gateways have."""
    self._pair.edge.kill()
    self._pair.start_edge()

  def check(self) -> None:
    self._origin.check()
    self._pair.check()

  def stop(self) -> None:
    if self._pair:
      self._pair.stop()
    self._origin.stop()
