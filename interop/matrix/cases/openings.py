"""What may come before a handshake: another version of QUIC, and the proof of an address by a Retry (RFC 9000 §6, §8.1.2)."""

from __future__ import annotations

from ..evidence.packets import VERSION_1, VERSION_2_DRAFT, Kind
from ..stage import Failed, Missing, Stage
from ._case import Case, counted, the_only_connection
from .plain import KB

RESERVED = 0x1A2A3A4A
"""A version of the kind that exists only to be refused (RFC 9000 §15); the one that clients of the QUIC Interop Runner begin with."""
CONNECTIONS = 8
"""Of a client's connections beside many others; a server that demands proofs by a rate may let one of them through without."""


class VersionTwo(Case):
  name = "v2"
  about = "a connection that both ends move to version 2, by the number that ngtcp2 0.12 knows"

  def run(self, stage: Stage) -> str:
    stage.serve(version_two=True)
    stage.fetch(stage.files(KB), first_version=VERSION_2_DRAFT)
    version = the_only_connection(stage.trace()).version
    if version != VERSION_2_DRAFT:
      raise Missing(f"the ends went on with version 0x{version:x}")
    return f"version 0x{version:x}"


class VersionNegotiation(Case):
  name = "versionnegotiation"
  about = "a client that begins with a version that nobody speaks and goes on with one of those that the server names"
  fast = True

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(KB), first_version=RESERVED)
    trace = stage.trace()
    asked = [packet for packet in trace.of_kind(Kind.UNKNOWN, from_client=True) if packet.version == RESERVED]
    if not asked:
      raise Failed("the client did not begin with a reserved version")
    named = [packet for packet in trace.of_kind(Kind.NEGOTIATION, from_client=False) if packet.destination == asked[0].source]
    if not named:
      raise stage.absent(False, "the server named no versions")
    offered = [named[0].data[at:at + 4] for at in range(named[0].number_at, len(named[0].data), 4)]
    if VERSION_1.to_bytes(4, "big") not in offered:
      raise Failed("the server does not name version 1")
    if the_only_connection(trace).version != VERSION_1:
      raise Failed("the client did not go on with version 1")
    return f"{counted(len(named), 'Version Negotiation packet')} with {', '.join('0x' + each.hex() for each in offered)}; then version 1"


class Retry(Case):
  name = "retry"
  about = "eight connections with a file of 1 KiB each, to a server that has reason to answer first packets with a Retry"
  fast = True

  def run(self, stage: Stage) -> str:
    stage.serve(retry=True)
    stage.fetch(*[[path] for path in stage.files(*[KB] * CONNECTIONS)])
    trace = stage.trace()
    retries = trace.of_kind(Kind.RETRY, from_client=False)
    if not retries:
      raise stage.absent(False, "the server sent no Retry")
    tokens = {packet.token for packet in retries}
    proven = [each for each in trace.connections if each.token in tokens]
    if not proven:
      raise Failed("no connection came of a Retry's token")
    return f"{len(proven)} of {CONNECTIONS} connections came of a Retry's token"
