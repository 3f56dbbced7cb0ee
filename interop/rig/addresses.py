"""Names, addresses and folders of one world; its index keeps several worlds apart on one machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/run/quicgw-rig")
"""Where worlds keep what is theirs while they live."""
INDICES = range(100)
HOSTS = 240
"""How many addresses one side has before they come round again."""


@dataclass(frozen=True)
class Addresses:
  """10.(80+N).1.0/24 is the inside of the NAT, 10.(80+N).2.0/24 what the core sees; fd71:6370:N:1::/64 and :2::/64 likewise."""

  index: int

  def __post_init__(self) -> None:
    if self.index not in INDICES:
      raise ValueError(f"a world's index is {INDICES.start} to {INDICES.stop - 1}, not {self.index!r}")

  @property
  def prefix(self) -> str:
    """What the names of all its namespaces begin with."""
    return f"qg{self.index}-"

  def name(self, role: str) -> str:
    return self.prefix + role

  def folder(self, use: str) -> Path:
    """A folder of this world, made and removed by whoever uses it; what a crashed run left there is removed with its namespaces."""
    return FOLDER / self.name(use)

  @property
  def gateway(self) -> tuple[str, str]:
    """The NAT's inside, IPv4 and IPv6."""
    return self._pair(1, 1)

  def edge(self, move: int = 0) -> tuple[str, str]:
    """The edge's own addresses after `move` moves."""
    return self._pair(1, 2 + move % HOSTS)

  def outside(self, change: int = 0) -> tuple[str, str]:
    """What the core sees of the edge after `change` changes of the NAT's address."""
    return self._pair(2, 2 + change % HOSTS)

  @property
  def core(self) -> tuple[str, str]:
    return self._pair(2, 1)

  @property
  def link_networks(self) -> tuple[str, str]:
    """The two networks that lie across the link."""
    return f"10.{80 + self.index}.2.0/24", f"fd71:6370:{self.index:x}:2::/64"

  def _pair(self, side: int, host: int) -> tuple[str, str]:
    return f"10.{80 + self.index}.{side}.{host}", f"fd71:6370:{self.index:x}:{side}::{host:x}"
