"""A connection as its Initial packets tell of it, which anybody can open, and its 1-RTT packets with quicgw's keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

from cryptography.exceptions import InvalidTag

from . import frames, hellos
from .packets import Kind, Packet
from .pcap import Address
from .protection import Keys, Opened


@dataclass
class Connection:
  """One connection, from the client's first Initial packet on that could be opened."""

  original: bytes
  """The connection ID that the client sent it to; after a Retry the one in the Retry."""
  version: int
  client: Address
  token: bytes
  """What came in the client's Initial packets: of a Retry or of an earlier connection."""
  ids: dict[bool, set[bytes]] = field(default_factory=lambda: {True: set(), False: set()})
  """Connection IDs under which packets come to the server (True) and to the client (False)."""
  crypto: dict[bool, hellos.Crypto] = field(default_factory=lambda: {True: hellos.Crypto(), False: hellos.Crypto()})

  def __post_init__(self) -> None:
    self.initial = {side: Keys.of_initial(self.original, client=side, version=self.version) for side in (True, False)}

  def takes_initial(self, packet: Packet, from_client: bool) -> bool:
    """Whether this is an Initial packet of this connection; notes what it says if so."""
    try:
      opened = self.initial[from_client].open(packet)
    except InvalidTag:
      return False
    # A sender's own choice is where it wants to be answered.
    self.ids[not from_client].add(packet.source)
    for frame in frames.frames(opened.payload):
      if frame.kind == frames.CRYPTO:
        self.crypto[from_client].add(frame.numbers[0], frame.data)
    return True

  @property
  def client_hello(self) -> hellos.Hello | None:
    return self.crypto[True].hello(hellos.CLIENT_HELLO)

  @property
  def server_hello(self) -> hellos.Hello | None:
    return self.crypto[False].hello(hellos.SERVER_HELLO)

  @property
  def suite(self) -> int | None:
    """The cipher suite that the server chose."""
    hello = self.server_hello
    return hello.suites[0] if hello else None

  @property
  def resumed(self) -> bool:
    """Whether the server took up the session that the client offered."""
    hello = self.server_hello
    return bool(hello and hellos.PRE_SHARED_KEY in hello.extensions)

  @property
  def offers_early_data(self) -> bool:
    hello = self.client_hello
    return bool(hello and hellos.EARLY_DATA in hello.extensions)


  def accepts_early_data(self, handshake: list[Packet], secret: bytes) -> bool:
    """Whether the server's EncryptedExtensions, in its Handshake packets, say so; `secret` -- its handshake traffic secret."""
    keys, crypto = Keys(secret, self.suite, self.version), hellos.Crypto()
    for packet in handshake:
      if packet.source not in self.ids[True]:
        continue
      try:
        opened = keys.open(packet)
      except InvalidTag:
        continue
      for frame in frames.frames(opened.payload):
        if frame.kind == frames.CRYPTO:
          crypto.add(frame.numbers[0], frame.data)
    return hellos.EARLY_DATA in crypto.encrypted_extensions()


@dataclass(frozen=True)
class Application:
  """A 1-RTT packet that was opened."""

  packet: Packet
  from_client: bool
  destination: bytes
  number: int
  generation: int
  """How many key updates came before it."""
  frames: list[frames.Frame]


class ApplicationReader:
  """Opens a connection's 1-RTT packets in the order of their capture, through key updates."""

  def __init__(self, connection: Connection, secrets: dict[bool, bytes]) -> None:
    """`secrets` -- the traffic secrets of the client (True) and of the server."""
    suite = connection.suite
    assert suite is not None, "the ServerHello was not captured"
    self._ids = {side: set(ids) for side, ids in connection.ids.items()}
    self._keys = {side: [Keys(secret, suite, connection.version)] for side, secret in secrets.items()}
    self._generation = {True: 0, False: 0}
    self._largest = {True: -1, False: -1}

  def read(self, packets: Iterator[tuple[Packet, bool]]) -> Iterator[Application]:
    """Those of the packets, with whether they come from the client, that are this connection's."""
    for packet, from_client in packets:
      if packet.kind is Kind.SHORT and (found := self._open(packet, from_client)):
        yield found

  def _open(self, packet: Packet, from_client: bool) -> Application | None:
    for size in {len(each) for each in self._ids[from_client]}:
      destination = packet.data[1:1 + size]
      if destination not in self._ids[from_client]:
        continue
      for generation in self._likely(from_client):
        try:
          opened = self._key(from_client, generation).open(packet, number_at=1 + size, largest=self._largest[from_client])
        except InvalidTag:
          continue
        return self._note(packet, from_client, destination, generation, opened)
    return None

  def _likely(self, from_client: bool) -> list[int]:
    now = self._generation[from_client]
    return [each for each in (now, now + 1, now - 1) if each >= 0]

  def _key(self, from_client: bool, generation: int) -> Keys:
    keys = self._keys[from_client]
    while len(keys) <= generation:
      keys.append(keys[-1].updated())
    return keys[generation]

  def _note(self, packet: Packet, from_client: bool, destination: bytes, generation: int, opened: Opened) -> Application:
    self._generation[from_client] = max(generation, self._generation[from_client])
    self._largest[from_client] = max(opened.number, self._largest[from_client])
    found = list(frames.frames(opened.payload))
    for frame in found:
      if frame.kind == frames.NEW_CONNECTION_ID:
        self._ids[not from_client].add(frame.data)
    return Application(packet, from_client, destination, opened.number, generation, found)
