"""A link through the netem of a user-mode Linux, for a world on a kernel that has none."""

from __future__ import annotations

import dataclasses
import shutil

from ..addresses import Addresses
from ..conditions import Conditions
from ..drivers import Counters
from ..drivers.netem import prepare_ends
from ..namespaces import Namespace
from .machine import Machine


class UmlLink:
  """The kernel driver's path in another kernel, between two taps of which one moves to the core. It cannot be cut, and it does not count."""

  name = "netem in user-mode Linux"

  def __init__(self, nat: Namespace, core: Namespace, addresses: Addresses, _seed: int) -> None:
    self._nat, self._core, self._addresses = nat, core, addresses
    self._folder = addresses.folder("uml")
    self._machine: Machine | None = None

  def open(self) -> None:
    self._folder.mkdir(parents=True)
    self._machine = Machine("interop.rig.crosscheck.path_inside", self._folder, namespace=self._nat, taps=["outside", "wan"])
    self._machine.ask(do="attach")
    self._nat.ip(f"link set wan netns {self._core.name}")
    prepare_ends(self._nat, self._core, self._addresses)
    # Only now: a packet for a device that is not up on the host stops the machine's device for good.
    self._machine.ask(do="join")

  def set(self, forward: Conditions, backward: Conditions) -> None:
    self._machine.ask(do="set", forward=dataclasses.asdict(forward), backward=dataclasses.asdict(backward))

  def down(self) -> None:
    raise NotImplementedError("the cross-check does not cut its link")

  def up(self) -> None:
    raise NotImplementedError("the cross-check does not cut its link")

  def black_out(self, seconds: float) -> None:
    raise NotImplementedError("the cross-check does not cut its link")

  def counters(self) -> Counters:
    raise NotImplementedError("the cross-check counts at the ends")

  def close(self) -> None:
    if self._machine:
      self._machine.stop()
    shutil.rmtree(self._folder, ignore_errors=True)
