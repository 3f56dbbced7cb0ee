"""The limit of what a server sends to an address that has proved nothing (RFC 9000 §8.1)."""

from __future__ import annotations

from ..evidence.packets import Kind, packets
from ..evidence.trace import Trace
from ..stage import Failed, Stage
from ._case import Case, the_only_connection
from .plain import KB

FACTOR = 3


class AmplificationLimit(Case):
  name = "amplificationlimit"
  about = "a certificate of six datagrams, while the client's second to seventh datagrams are lost"
  profile = "qir_amplification"
  limit = 60

  def run(self, stage: Stage) -> str:
    stage.serve(large_certificate=True)
    stage.fetch(stage.files(KB))
    trace = stage.trace()
    the_only_connection(trace)
    received, sent, most = 0, 0, 0.0
    for datagram, from_client in trace.datagrams:
      if from_client:
        received += len(datagram.payload)
        if any(each.kind is Kind.HANDSHAKE for each in packets(datagram)):
          break
      else:
        sent += len(datagram.payload)
        most = max(most, sent / received)
        if sent > FACTOR * received:
          raise Failed(f"the server had sent {sent} bytes when it had received {received}")
    whole = _handshake_bytes(trace)
    if whole <= FACTOR * 1200:
      raise Failed(f"the server's first flight has {whole} bytes and did not come near the limit")
    return f"at most {most:.2f} times what had come, before the client's address was proved; {sent} bytes sent until then"


def _handshake_bytes(trace: Trace) -> int:
  """Bytes of the server's Initial and Handshake packets."""
  kinds = (Kind.INITIAL, Kind.HANDSHAKE)
  return sum(len(packet.data) for packet, from_client in trace.packets if packet.kind in kinds and not from_client)
