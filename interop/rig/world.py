"""A world: an edge, a NAT and a core in namespaces of their own, and an impaired link between NAT and core.

    edge                        nat                                   core
    veth `wan`  ─────────────  `inside`   NAT   `outside` ═══ the link ═══ `wan`
    10.(80+N).1.2              10.(80+N).1.1    10.(80+N).2.2              10.(80+N).2.1
"""

from __future__ import annotations

import threading

from . import drivers, profiles
from .addresses import Addresses
from .claim import Claim, WorldImpossible
from .drivers import Counters, Link, Maker
from .namespaces import CommandFailed, Namespace
from .nat import Nat
from .profiles import Profile
from .rebinding import Rebinding

__all__ = ["World", "WorldImpossible"]
CONGESTION_CONTROL = "cubic"
"""What the kernel's TCP uses at both ends unless told otherwise, whatever the machine's own default is."""


class World:
  """A context manager; the commands may be called from any thread, one at a time.

  `with World("loss5_200ms") as world, world.edge.enter(): …` puts the thread into the edge's namespace, so that 127.0.0.1 is the edge's
  loopback; the core and what stands behind it are started with `world.core.argv([...])`.
  """

  def __init__(self, profile: Profile | str = "none", *, index: int | None = None, seed: int = 1, driver: str | Maker | None = None) -> None:
    """Made by entering it.

    index -- keeps worlds apart; the lowest that nobody uses unless given.
    seed -- of the userspace link; the kernel's netem draws its own numbers.
    driver -- "netem" or "tun"; netem where the kernel has it unless given. Or what makes a link of another kind.
    """
    self.profile = profiles.profile(profile) if isinstance(profile, str) else profile
    self.seed = seed
    self._wanted_index, self._wanted_driver = index, driver
    self._lock = threading.Lock()
    self._claim: Claim | None = None
    self._link: Link | None = None
    self._rebinding: Rebinding | None = None
    self._moves = 0

  @property
  def driver(self) -> str:
    """Which driver the link has; "netem" or "tun"."""
    return self._link.name

  @property
  def index(self) -> int:
    return self._addresses.index

  def __str__(self) -> str:
    return f"world {self.index}: profile {self.profile.name}, driver {self.driver}, seed {self.seed if self.driver == 'tun' else 'none'}"

  def change(self, profile: Profile | str) -> None:
    """Another profile from now on; what is on the link stays."""
    wanted = profiles.profile(profile) if isinstance(profile, str) else profile
    self._stop_rebinding()
    with self._lock:
      self._link.set(wanted.forward, wanted.backward)
      self.profile = wanted
    self._start_rebinding()

  def down(self) -> None:
    """The link is cut."""
    with self._lock:
      self._link.down()

  def up(self) -> None:
    """The link is whole again."""
    with self._lock:
      self._link.up()

  def black_out(self, seconds: float) -> None:
    """Cuts the link for a time; returns at once."""
    with self._lock:
      self._link.black_out(seconds)

  def rebind_port(self) -> None:
    """The NAT forgets: the core sees other ports, and what it sends to the old ones is lost."""
    with self._lock:
      self._nat.rebind_port()

  def rebind_address(self) -> None:
    """The NAT forgets, and its outside address is another."""
    with self._lock:
      self._nat.rebind_address()

  def move_edge(self) -> None:
    """The edge's own address changes, as when a node changes networks; `edge.address` and `edge.address6` are the new ones."""
    with self._lock:
      old = self._addresses.edge(self._moves)
      self._moves += 1
      self.edge.ip(*(f"addr del {address}/{length} dev wan" for address, length in zip(old, (24, 64))))
      self._settle_edge()

  def counters(self) -> Counters:
    """What became of the packets on the link since the world was made."""
    with self._lock:
      return self._link.counters()

  @property
  def seen_by_core(self) -> tuple[str, str]:
    """The addresses that the core sees the edge at, IPv4 and IPv6."""
    return self._nat.outside

  def __enter__(self) -> World:
    try:
      self._claim = Claim(self._wanted_index)
      self._addresses: Addresses = self._claim.addresses
      self._claim.remove_leftovers()
      self._make()
    except CommandFailed as error:
      self._unmake()
      raise WorldImpossible(f"a world cannot be made here: {error}") from error
    except BaseException:
      self._unmake()
      raise
    return self

  def __exit__(self, *_: object) -> None:
    self._unmake()

  def _make(self) -> None:
    # Before anything of this world is there, because it tries in a namespace of this index.
    driver = self._wanted_driver or drivers.choose(self._addresses)
    make_link = drivers.maker(driver) if isinstance(driver, str) else driver
    self.edge, self._gateway, self.core = (self._make_namespace(role) for role in ("edge", "nat", "core"))
    self._gateway.ip(f"link add inside type veth peer name wan netns {self.edge.name}", "link set inside up")
    self._give(self._gateway, "inside", self._addresses.gateway, (24, 64))
    self._link = make_link(self._gateway, self.core, self._addresses, self.seed)
    self._link.open()
    self._give(self._gateway, "outside", self._addresses.outside(), (32, 128))
    self._give(self.core, "wan", self._addresses.core, (32, 128))
    self.core.address, self.core.address6 = self._addresses.core
    self._gateway.set_routes(*(f"{address} dev outside" for address in self._addresses.core))
    # All that the NAT may ever call itself is behind the one address of it that the core's side knows on the link.
    networks = zip(self._addresses.link_networks, self._addresses.outside())
    self.core.set_routes(*(f"{network} via {via} dev wan onlink" for network, via in networks))
    self._settle_edge()
    for end in (self.edge, self.core):
      end.tcp_congestion_control(CONGESTION_CONTROL)
    self._nat = Nat(self._gateway, self._addresses)
    self._nat.configure()
    for namespace, device in ((self._gateway, "outside"), (self.core, "wan")):
      namespace.nft(_quiet(device))
    self._link.set(self.profile.forward, self.profile.backward)
    self._start_rebinding()

  def _make_namespace(self, role: str) -> Namespace:
    namespace = Namespace(self._addresses.name(role))
    namespace.create()
    return namespace

  def _settle_edge(self) -> None:
    self.edge.address, self.edge.address6 = self._addresses.edge(self._moves)
    self._give(self.edge, "wan", (self.edge.address, self.edge.address6), (24, 64))
    self.edge.set_routes(*(f"default via {address} dev wan" for address in self._addresses.gateway))

  @staticmethod
  def _give(namespace: Namespace, device: str, addresses: tuple[str, str], lengths: tuple[int, int]) -> None:
    four, six = (f"addr replace {address}/{length} dev {device}" for address, length in zip(addresses, lengths))
    namespace.ip(f"link set {device} up", four, f"{six} nodad")

  def _start_rebinding(self) -> None:
    if self.profile.rebind:
      self._rebinding = Rebinding(self.profile.rebind, self.rebind_port if self.profile.rebind.what == "port" else self.rebind_address)

  def _stop_rebinding(self) -> None:
    rebinding, self._rebinding = self._rebinding, None
    if rebinding:
      rebinding.stop()

  def _unmake(self) -> None:
    try:
      self._stop_rebinding()
    finally:
      try:
        if self._link:
          self._link.close()
      finally:
        if self._claim:
          self._claim.remove_leftovers()
          self._claim.release()


def _quiet(device: str) -> str:
  """Keeps what the kernel says of its own accord off the link: it would be counted, and dropped in a packet's place."""
  unasked = "mld-listener-report, mld2-listener-report, mld-listener-done, nd-router-solicit, nd-router-advert"
  return f"""
table ip6 quiet {{
  chain own {{
    type filter hook output priority filter; policy accept;
    oifname "{device}" icmpv6 type {{ {unasked} }} drop
  }}
}}
"""
