"""The NAT between the edge and the link: like a home router's, and it forgets when told."""

from __future__ import annotations

from .addresses import Addresses
from .namespaces import Namespace

PORTS = 10_000
"""How many ports one mapping may take: ten thousand clients with a connection each. The next mapping takes the next range."""
FIRST_PORT, RANGES = 20_000, 4
SYSCTLS = {
  "net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
  # It forgets when it is told to and never by itself, so that no pause in the traffic changes a path.
  "net.netfilter.nf_conntrack_udp_timeout": 86_400, "net.netfilter.nf_conntrack_udp_timeout_stream": 86_400,
  # Packets far out of order are part of what the link does; they must not pass without their translation.
  "net.netfilter.nf_conntrack_tcp_be_liberal": 1}


class Nat:
  """Translates UDP, TCP and ICMP, IPv4 and IPv6, to one outside address and a range of ports."""

  def __init__(self, namespace: Namespace, addresses: Addresses) -> None:
    self._namespace = namespace
    self._addresses = addresses
    self._port_changes = 0
    self._address_changes = 0

  @property
  def outside(self) -> tuple[str, str]:
    """The addresses that the core sees now."""
    return self._addresses.outside(self._address_changes)

  @property
  def ports(self) -> range:
    """The ports that the core sees now."""
    begin = FIRST_PORT + self._port_changes % RANGES * PORTS
    return range(begin, begin + PORTS)

  def configure(self) -> None:
    """Begins to translate; `inside` and `outside` are there with their addresses."""
    # The connection tracking that these belong to exists as soon as a rule needs it.
    self._translate()
    for key, value in SYSCTLS.items():
      self._namespace.sysctl(key, value)

  def rebind_port(self) -> None:
    """The NAT forgets: flows get other ports, and what is sent to the old ones is lost. A TCP connection does not survive it:
    its next segment comes from a port that the other end does not know, as behind any NAT that lost its table."""
    self._port_changes += 1
    self._translate()
    self._forget()

  def rebind_address(self) -> None:
    """The same with another address and other ports."""
    self._address_changes += 1
    self._port_changes += 1
    for address, length in zip(self.outside, (32, 128)):
      self._namespace.ip(f"addr replace {address}/{length} dev outside{' nodad' if length == 128 else ''}")
    self._translate()
    self._forget()

  def _forget(self) -> None:
    self._namespace.run(["conntrack", "-F"])

  def _translate(self) -> None:
    v4, v6 = self.outside
    ports = f"{self.ports.start}-{self.ports.stop - 1}"
    # What nobody asked for ends here without an answer: no error message tells the core that a mapping is gone.
    self._namespace.nft(f"""
table inet nat
delete table inet nat
table inet nat {{
  chain translate {{
    type nat hook postrouting priority srcnat; policy accept;
    oifname "outside" meta nfproto ipv4 meta l4proto {{ tcp, udp }} snat ip to {v4}:{ports}
    oifname "outside" meta nfproto ipv4 snat ip to {v4}
    oifname "outside" meta nfproto ipv6 meta l4proto {{ tcp, udp }} snat ip6 to [{v6}]:{ports}
    oifname "outside" meta nfproto ipv6 snat ip6 to {v6}
  }}
  chain unasked {{
    type filter hook input priority filter; policy accept;
    iifname "outside" meta l4proto {{ tcp, udp }} drop
  }}
  chain through {{
    type filter hook forward priority filter; policy accept;
    ct state invalid drop
    iifname "outside" ct state new drop
  }}
}}
""")
