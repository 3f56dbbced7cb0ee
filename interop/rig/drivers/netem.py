"""The link in the kernel: `tc netem` between the NAT and the core."""

from __future__ import annotations

from ..addresses import Addresses
from ..conditions import Conditions
from ..namespaces import Namespace
from .counters import Counters
from .netem_path import NetemPath, without_offloads

OUTER = {"outside": "02:71:63:00:00:02", "wan": "02:71:63:00:00:01"}
"""The ends of the link and their Ethernet addresses."""


def is_available(scratch: Namespace) -> bool:
  """Whether this kernel has netem: tried in a throw-away namespace."""
  scratch.create()
  try:
    return scratch.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"], check=False).returncode == 0
  finally:
    scratch.delete()


class NetemLink:
  """A path through a namespace of its own, and a pair of devices from it to either end."""

  name = "netem"

  def __init__(self, nat: Namespace, core: Namespace, wan: Namespace, addresses: Addresses) -> None:
    self._nat, self._core, self._wan, self._addresses = nat, core, wan, addresses
    self._path = NetemPath(wan, addresses.folder("wan"))

  def open(self) -> None:
    self._wan.create()
    self._wan.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    for namespace, device, port in ((self._nat, "outside", "edgeport"), (self._core, "wan", "coreport")):
      self._wan.ip(f"link add {port} type veth peer name {device} netns {namespace.name}")
    prepare_ends(self._nat, self._core, self._addresses)
    self._path.join()

  def set(self, forward: Conditions, backward: Conditions) -> None:
    self._path.set(forward, backward)

  def down(self) -> None:
    self._path.outages.cut()

  def up(self) -> None:
    self._path.outages.mend()

  def black_out(self, seconds: float) -> None:
    self._path.outages.black_out(seconds)

  def counters(self) -> Counters:
    return self._path.counters()

  def close(self) -> None:
    self._path.close()


def prepare_ends(nat: Namespace, core: Namespace, addresses: Addresses) -> None:
  """Sets both ends up. Each knows the other's Ethernet address, so that neither has to ask for it over a link that loses."""
  for namespace, device, peer, known in ((nat, "outside", "wan", addresses.core), (core, "wan", "outside", addresses.outside())):
    without_offloads(namespace, device)
    namespace.ip(
      f"link set {device} address {OUTER[device]} addrgenmode none up",
      *(f"neigh replace {address} lladdr {OUTER[peer]} dev {device} nud permanent" for address in known))
