"""What lies between two ports in the kernel: bridges, counters, and `tc netem` on their devices, in a namespace of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ..conditions import Conditions
from ..namespaces import Namespace
from . import netem_arguments
from .counters import Counters, DirectionCounters
from .outages import Outages

ETHERNET_HEADER = 14
PORTS = {"forward": "edgeport", "backward": "coreport"}
"""The devices through which a direction enters."""
STAGES = {"forward": ("middle1", "coreport"), "backward": ("middle2", "edgeport")}
"""The devices whose egress is the first and the second stage of a direction."""
OFFLOADS = ("tso", "gso", "gro")


class NetemPath:
  """Two bridges with a pair of devices between them: edgeport – middle1 = middle2 – coreport."""

  def __init__(self, wan: Namespace, folder: Path) -> None:
    """The folder, not there yet, is for tables that tc reads."""
    self._wan, self._folder = wan, folder
    self.outages = Outages(list(STAGES), self._switch)
    self._duplicates = False
    self._wires: set[str] = set()
    """The directions that have a rate now."""

  def join(self) -> None:
    """Makes all that lies between `edgeport` and `coreport`, which are in the namespace already."""
    self._folder.mkdir(parents=True)
    bridge = "type bridge mcast_snooping 0 vlan_filtering 0 stp_state 0"
    self._wan.ip(
      "link add middle1 type veth peer name middle2", f"link add edgeside {bridge}", f"link add coreside {bridge}",
      "link set edgeport master edgeside", "link set middle1 master edgeside",
      "link set middle2 master coreside", "link set coreport master coreside",
      *(f"link set {each} up" for each in ("edgeside", "coreside", "edgeport", "middle1", "middle2", "coreport")))
    for device in ("edgeport", "middle1", "middle2", "coreport"):
      without_offloads(self._wan, device)
    self._wan.nft(_counting())
    self.set(Conditions(), Conditions())
    self.outages.start()

  def set(self, forward: Conditions, backward: Conditions) -> None:
    commands, rules = [], []
    for direction, conditions in (("forward", forward), ("backward", backward)):
      commands += self._stages(direction, conditions)
      rules.append(_dropping(direction, conditions.drop_list))
      self._duplicates = self._duplicates or conditions.duplicate > 0
    self._wan.run(["env", f"TC_LIB_DIR={self._folder}", "tc", "-batch", "-"], input="\n".join(commands) + "\n")
    self._wan.nft("".join(rules))
    for direction, conditions in (("forward", forward), ("backward", backward)):
      self.outages.repeat(direction, conditions.blackouts)

  def counters(self) -> Counters:
    listed = json.loads(self._wan.run(["nft", "-j", "list", "counters", "table", "bridge", "link"]).stdout)["nftables"]
    counted = {each["counter"]["name"]: each["counter"]["packets"] for each in listed if "counter" in each}
    return Counters(self._direction("forward", counted), self._direction("backward", counted))

  def close(self) -> None:
    self.outages.stop()
    shutil.rmtree(self._folder, ignore_errors=True)

  def _direction(self, direction: str, counted: dict[str, int]) -> DirectionCounters:
    """Puts together what nftables counted at the entrance and tc in the stages.

    tc tells losses of one kind from another only where the queue is; it counts no copies: they are what came out beyond what went in.
    """
    first, second = (self._statistics(device) for device in STAGES[direction])
    sent, in_outage, by_number = (counted[f"{what}_{direction}"] for what in ("sent", "outage", "numbered"))
    in_queue = first.get("10:", {}).get("drops", 0)
    lost = first["1:"]["drops"] - in_queue + by_number
    under_way = first["1:"]["qlen"] + second["2:"]["qlen"]
    delivered = second["2:"]["packets"]
    copies = delivered + lost + in_outage + in_queue + under_way - sent if self._duplicates else 0
    return DirectionCounters(
      sent=sent, delivered=delivered, lost=lost, lost_in_burst=0, lost_in_outage=in_outage, lost_in_queue=in_queue, duplicated=copies,
      corrupted=None, reordered=None, under_way=under_way, bytes_delivered=second["2:"]["bytes"] - ETHERNET_HEADER * delivered)

  def _statistics(self, device: str) -> dict[str, dict[str, int]]:
    shown = json.loads(self._wan.run(["tc", "-s", "-j", "qdisc", "show", "dev", device]).stdout)
    return {each["handle"]: each for each in shown if "handle" in each}

  def _stages(self, direction: str, conditions: Conditions) -> list[str]:
    """Commands of tc that make a direction's queueing disciplines, or change them in place: what is under way stays."""
    first, second = STAGES[direction]
    (self._folder / f"{second}.dist").write_text(netem_arguments.straggler_table(conditions))
    commands = [
      _replace(first, "root", "1:", netem_arguments.losses(conditions)),
      _replace(second, "root", "2:", netem_arguments.stragglers(conditions, second)),
      _replace(second, "parent 2:1", "20:", netem_arguments.delay(conditions))]
    wire, queue = netem_arguments.wire(conditions), netem_arguments.queue(conditions)
    if wire:
      self._wires.add(direction)
      # A queue of another kind is another one, and has a handle of its own.
      queue_handle = "100:" if queue[0] == "pfifo" else "200:"
      commands += [_replace(first, "parent 1:1", "10:", wire), _replace(first, "parent 10:1", queue_handle, queue)]
    elif direction in self._wires:
      # What waited for the wire is lost with it.
      self._wires.remove(direction)
      commands.append(f"qdisc del dev {first} parent 1:1 handle 10:")
    return commands

  def _switch(self, direction: str, dead: bool) -> None:
    chain = f"bridge link outage_{direction}"
    self._wan.nft(f"add rule {chain} counter name outage_{direction} drop\n" if dead else f"flush chain {chain}\n")


def without_offloads(namespace: Namespace, device: str) -> None:
  """What the link sees and counts are packets as they are on a wire, not the kernel's bundles of them."""
  for offload in OFFLOADS:
    namespace.run(["ethtool", "-K", device, offload, "off"])


def _replace(device: str, where: str, handle: str, arguments: list[str]) -> str:
  return f"qdisc replace dev {device} {where} handle {handle} {' '.join(arguments)}"


def _counting() -> str:
  """The table with its counters, and a chain for each reason to drop, empty as yet."""
  lines = ["table bridge link {"]
  for direction in STAGES:
    lines += [f"  counter {what}_{direction} {{}}" for what in ("sent", "outage", "numbered")]
    lines += [f"  chain {what}_{direction} {{}}" for what in ("outage", "numbered")]
  lines += ["  chain entrance {", "    type filter hook forward priority 0; policy accept;"]
  for direction, port in PORTS.items():
    lines.append(f'    iifname "{port}" counter name sent_{direction}')
    lines += [f'    iifname "{port}" jump {what}_{direction}' for what in ("outage", "numbered")]
  return "\n".join([*lines, "  }", "}"]) + "\n"


def _dropping(direction: str, numbers: tuple[int, ...]) -> str:
  chain = f"bridge link numbered_{direction}"
  lines = [f"flush chain {chain}"]
  if numbers:
    # The counter of packets begins anew with the rule.
    listed = ", ".join(map(str, sorted(set(numbers))))
    lines.append(f"add rule {chain} numgen inc mod 4000000000 offset 1 {{ {listed} }} counter name numbered_{direction} drop")
  return "\n".join(lines) + "\n"
