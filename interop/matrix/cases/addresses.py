"""Clients whose address changes, because a NAT forgets or because they move (RFC 9000 §9)."""

from __future__ import annotations

from ..evidence import frames
from ..evidence.connections import Application
from ..evidence.pcap import Address
from ..evidence.trace import Trace
from ..stage import Failed, Missing, Stage
from ._case import Case, the_only_connection
from .plain import MB


class _Rebinding(Case):
  """10 MiB each way at 10 Mbit/s through a NAT that forgets after 1 s and then every 5 s.

  What the server sends after that is lost, so it learns of the new address only when the client sends something by itself. A client that
  does nothing but wait for a download may not do so for longer than 5 s; so it sends a body at the same time, if both ends can do that.
  """

  limit = 90
  part: int
  """What changes of an address: 0 its host, 1 its port."""

  def run(self, stage: Stage) -> str:
    stage.serve()
    files = stage.files(10 * MB)
    if not stage.server.TAKES_BODIES:
      stage.fetch(files)
    elif stage.client.SENDS_BESIDES:
      stage.fetch(files, post=10 * MB)
    else:
      stage.fetch([], post=10 * MB)
    trace = stage.trace()
    packets = list(trace.application(the_only_connection(trace)))
    seen = list(dict.fromkeys(address[self.part] for address in trace.client_addresses()))
    if len(seen) < 2:
      raise Failed(f"the client stayed at {seen[0]}: nothing was rebound")
    served = {each.packet.datagram.target for each in packets if not each.from_client}
    proved = _validated(packets)
    if not proved:
      raise stage.absent(False, "the server followed to a new address without a PATH_CHALLENGE that was answered from there")
    return f"{len(seen) - 1} changes, answered at {len(served)} addresses, {len(proved)} of them proved by PATH_CHALLENGE"


class RebindPort(_Rebinding):
  name = "rebind-port"
  about = "10 MiB each way at 10 Mbit/s through a NAT that changes the port after 1 s and every 5 s"
  profile = "qir_rebind_port"
  part = 1


class RebindAddress(_Rebinding):
  name = "rebind-addr"
  about = "10 MiB each way at 10 Mbit/s through a NAT that changes address and port after 1 s and every 5 s"
  profile = "qir_rebind_address"
  part = 0


class ConnectionMigration(Case):
  name = "connectionmigration"
  about = "10 MiB at 10 Mbit/s to a client that moves to another local address, with a connection ID that was not used before"
  profile = "qir_10mbit"
  limit = 60

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(10 * MB), move=True)
    trace = stage.trace()
    packets = list(trace.application(the_only_connection(trace)))
    addresses = list(dict.fromkeys(each.packet.datagram.source for each in packets if each.from_client))
    if len(addresses) < 2:
      raise Missing("the client stayed where it was")
    ids = [{each.destination for each in packets if each.from_client and each.packet.datagram.source == address} for address in addresses]
    if ids[0] & ids[-1]:
      raise Missing("the client went to another address with a connection ID that it had used before")
    if addresses[-1] not in _validated(packets):
      raise Failed("the new address was not proved by a PATH_CHALLENGE")
    return f"moved from {_text(addresses[0])} to {_text(addresses[-1])} with a new connection ID, proved by PATH_CHALLENGE"


def _validated(packets: list[Application]) -> set[Address]:
  """Client addresses to which the server sent a PATH_CHALLENGE whose answer came."""
  answers = {frame.data for each in packets if each.from_client for frame in each.frames if frame.kind == frames.PATH_RESPONSE}
  return {each.packet.datagram.target for each in packets if not each.from_client
          for frame in each.frames if frame.kind == frames.PATH_CHALLENGE and frame.data in answers}


def _text(address: Address) -> str:
  return f"{address[0]}:{address[1]}"
