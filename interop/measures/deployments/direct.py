"""Clients that cross the link by themselves, with TLS and a certificate each, to an origin that takes them."""

from __future__ import annotations

from pathlib import Path

from ...lib.certificates import CORE_NAME, LinkCertificates
from ...loads.target import Target
from ...rig.world import World
from .. import Settings
from .deployment import Deployment
from .origins import Kind, Origin


class Direct(Deployment):
  """Clients → link → origin. Files always come from nginx, for only it speaks HTTP/1.1."""

  def __init__(self, subject: str, world: World, kind: Kind, folder: Path, files: Path | None, settings: Settings) -> None:
    self._certificates = LinkCertificates.made_here(folder / "certs")
    self._host = world.core.address
    self._origin = Origin(kind, world.core, folder, files, self._certificates)
    self._files = self._origin if kind is Kind.FILES or not files else Origin(Kind.FILES, world.core, folder, files, self._certificates)
    try:
      for origin in {self._origin, self._files}:
        origin.start()
    except BaseException:
      self.stop()
      raise

  @property
  def calls(self) -> Target:
    return self._target(self._origin)

  @property
  def downloads(self) -> Target:
    return self._target(self._files)

  def restart_core(self) -> None:
    self._origin.stop()
    self._origin.start()

  def check(self) -> None:
    for origin in {self._origin, self._files}:
      origin.check()

  def stop(self) -> None:
    for origin in {self._origin, self._files}:
      origin.stop()

  def _target(self, origin: Origin) -> Target:
    return Target(self._host, origin.port, CORE_NAME, self._certificates)
