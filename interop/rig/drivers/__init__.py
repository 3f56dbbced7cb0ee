"""The ways to make a link: in the kernel by tc netem, or in userspace by quicgw-link. The same conditions for both."""

from __future__ import annotations

from typing import Callable

from ..addresses import Addresses
from ..namespaces import Namespace
from . import netem
from .counters import Counters, DirectionCounters
from .link import Link
from .netem import NetemLink
from .tun import LinkRefused, TunLink

__all__ = ["NAMES", "Counters", "DirectionCounters", "Link", "LinkRefused", "Maker", "choose", "maker"]
NAMES = ("netem", "tun")
Maker = Callable[[Namespace, Namespace, Addresses, int], Link]
"""Makes a link, not open yet, between the NAT's and the core's namespace, with a seed."""


def choose(addresses: Addresses) -> str:
  """The kernel's netem where the kernel has it, else the userspace link."""
  return "netem" if netem.is_available(Namespace(addresses.name("try"))) else "tun"


def maker(name: str) -> Maker:
  """Of the driver with that name. The kernel's netem draws its own numbers: the seed is quicgw-link's."""
  if name == "netem":
    return lambda nat, core, addresses, seed: NetemLink(nat, core, Namespace(addresses.name("wan")), addresses)
  if name == "tun":
    return lambda nat, core, addresses, seed: TunLink(nat, core, addresses.folder("link"), seed)
  raise ValueError(f"no driver {name!r}; there are: {', '.join(NAMES)}")
