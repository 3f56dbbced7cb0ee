"""Everything that was captured in one case, and the questions that cases ask of it."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

from . import frames, keylog, pcap
from .connections import Application, ApplicationReader, Connection
from .packets import Kind, Packet, packets


class Trace:
  """A capture beside the server: what the client sent is what arrived, what the server sent has not crossed the link yet."""

  def __init__(self, path: Path, server_port: int, keys: Path) -> None:
    """`keys` -- the key log that quicgw wrote."""
    self._keys = keys
    self.datagrams = [(each, each.target[1] == server_port) for each in pcap.read(path)]
    """Each with whether it goes to the server."""
    self.packets = [(packet, from_client) for each, from_client in self.datagrams for packet in packets(each)]
    self._attempts = self._find_connections()

  def of_kind(self, kind: Kind, *, from_client: bool) -> list[Packet]:
    """The packets of one kind that one side sent."""
    return [packet for packet, side in self.packets if packet.kind is kind and side is from_client]

  @property
  def attempts(self) -> list[Connection]:
    """What clients began; a Retry makes the same client begin twice."""
    return self._attempts

  @property
  def connections(self) -> list[Connection]:
    """Those that a server answered with a ServerHello."""
    return [each for each in self._attempts if each.server_hello]

  def application(self, connection: Connection) -> Iterator[Application]:
    """The connection's 1-RTT packets, opened."""
    secrets = {True: self._secret(connection, keylog.CLIENT), False: self._secret(connection, keylog.SERVER)}
    return ApplicationReader(connection, secrets).read(iter(self.packets))

  def accepts_early_data(self, connection: Connection) -> bool:
    """Whether the server took the connection's early data."""
    handshake = self.of_kind(Kind.HANDSHAKE, from_client=False)
    return connection.accepts_early_data(handshake, self._secret(connection, keylog.SERVER_HANDSHAKE))

  def _secret(self, connection: Connection, label: str) -> bytes:
    hello = connection.client_hello
    secret = keylog.secrets(self._keys, label).get(hello.random) if hello else None
    if secret is None:
      raise LookupError(f"{self._keys.name} has no keys of the connection: did quicgw write its key log?")
    return secret

  def client_addresses(self) -> list[pcap.Address]:
    """Where clients sent from, in order of their first datagram."""
    return list(dict.fromkeys(each.source for each, from_client in self.datagrams if from_client))

  def _find_connections(self) -> list[Connection]:
    found: dict[bytes, Connection] = {}
    for packet, from_client in self.packets:
      if packet.kind is not Kind.INITIAL:
        continue
      if from_client and packet.destination not in found:
        begun = Connection(packet.destination, packet.version, packet.datagram.source, packet.token)
        if begun.takes_initial(packet, True):
          found[packet.destination] = begun
          continue
      # The newest first: it is the one that most packets are of.
      candidates = reversed(list(found.values()))
      any(each.takes_initial(packet, from_client) for each in candidates if from_client or packet.destination in each.ids[False])
    return list(found.values())


def marks_counted(packets: Iterator[Application]) -> dict[bool, tuple[int, int, int]]:
  """The highest counts of ECT(0), ECT(1) and congestion experienced that each side has told the other (True: the client)."""
  counts = {True: (0, 0, 0), False: (0, 0, 0)}
  for each in packets:
    for frame in each.frames:
      if frame.kind == frames.ACK_ECN:
        counts[each.from_client] = max(counts[each.from_client], frame.numbers[2:])
  return counts
