"""Where a case runs: on loopback, or in two namespaces with a link between them that has a profile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import Iterator, Sequence

from ..rig import profiles
from ..rig.world import World


class Place(ABC):
  """Two ends and the interface beside the server, where evidence is captured."""

  name: str
  """For reports."""
  host: str
  """The server's address."""
  interface: str
  world: World | None = None

  @abstractmethod
  def client(self, argv: Sequence[object]) -> list[str]:
    """A command line that runs at the client's end."""

  @abstractmethod
  def server(self, argv: Sequence[object]) -> list[str]:
    """A command line that runs at the server's end."""


class Loopback(Place):
  """Both ends in this namespace."""

  name, interface = "loopback", "lo"

  def __init__(self, host: str = "127.0.0.1") -> None:
    self.host = host

  def client(self, argv: Sequence[object]) -> list[str]:
    return [str(part) for part in argv]

  server = client


class Linked(Place):
  """The client in the edge's namespace, the server in the core's."""

  interface = "wan"

  def __init__(self, world: World) -> None:
    self.world = world
    self.name = f"{world.profile.name}, {world.driver}"
    self.host = world.core.address

  def client(self, argv: Sequence[object]) -> list[str]:
    return self.world.edge.argv([str(part) for part in argv])

  def server(self, argv: Sequence[object]) -> list[str]:
    return self.world.core.argv([str(part) for part in argv])


@contextmanager
def loopback(host: str = "127.0.0.1") -> Iterator[Place]:
  yield Loopback(host)


@contextmanager
def linked(profile: str, index: int | None) -> Iterator[Place]:
  """`index` -- of the world; the lowest that is free when None."""
  wanted = profiles.profile(profile)
  # netem's damage is dropped by the kernel's checksum: QUIC would never meet it.
  unnoticed = wanted.forward.corrupt_unnoticed or wanted.backward.corrupt_unnoticed
  with World(wanted, index=index, driver="tun" if unnoticed else None) as world:
    yield Linked(world)
