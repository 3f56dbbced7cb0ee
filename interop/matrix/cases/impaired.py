"""Links that delay, lose, damage and fall silent, with the conditions of the QUIC Interop Runner."""

from __future__ import annotations

from ...rig.drivers import Counters
from ..stage import Failed, Stage
from ._case import Case, the_only_connection
from .plain import KB, MB

HANDSHAKES = 20
"""Connections of a case that is about handshakes."""
TRIES = 3
"""How often each may be begun: ends give up a handshake at some time, and so many losses in a row do happen."""


class LongRoundTrip(Case):
  name = "longrtt"
  about = "a file of 1 KiB over a round trip of 1.5 s"
  profile = "qir_longrtt"
  limit = 40

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(KB))
    trace = stage.trace()
    the_only_connection(trace)
    first, last = trace.datagrams[0][0].at, max(each.at for each, from_client in trace.datagrams if not from_client)
    if last - first < 1.4:
      raise Failed(f"the server was done {last - first:.2f} s after the first datagram came: the round trip was not 1.5 s")
    return f"the first flight and the answer lie {last - first:.2f} s apart at the server"


class _Impaired(Case):
  """A case that proves nothing unless the link has done what its profile says."""

  sign: str
  """The counter of the link that must have counted something, one way or the other."""
  words: str

  def suffered(self, counters: Counters) -> str:
    """What the link did; raises Failed when that is nothing."""
    counts = [getattr(each, self.sign) for each in (counters.forward, counters.backward)]
    # netem does not count what it damages; damage that QUIC is to see is not left to it.
    if not any(each is None or each > 0 for each in counts):
      raise Failed(f"no datagram was {self.words}: the link did nothing")
    sent = [counters.forward.sent, counters.backward.sent]
    return "; ".join(f"{way} {'some' if count is None else count} of {all_} datagrams {self.words}"
                     for way, count, all_ in zip(("there", "back"), counts, sent))


class _Transferred(_Impaired):
  """10 MiB on one connection."""

  limit = 90

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(10 * MB))
    suffered = self.suffered(stage.place.world.counters())
    trace = stage.trace()
    the_only_connection(trace)
    return f"10 MiB in {trace.datagrams[-1][0].at - trace.datagrams[0][0].at:.1f} s ({suffered})"


class Blackhole(_Transferred):
  name = "blackhole"
  about = "10 MiB at 10 Mbit/s over a link that is silent for 2 s after every 5 s"
  profile = "qir_blackhole"
  sign, words = "lost_in_outage", "lost in silence"


class TransferLoss(_Transferred):
  name = "transferloss"
  about = "10 MiB at 10 Mbit/s, of whose datagrams 2 % are lost each way"
  profile = "qir_transfer_loss"
  sign, words = "lost", "lost"


class TransferCorruption(_Transferred):
  name = "transfercorruption"
  about = "10 MiB at 10 Mbit/s, of whose datagrams 2 % are damaged each way"
  profile = "qir_transfer_corruption"
  sign, words = "corrupted", "damaged"


class _Handshakes(_Impaired):
  """Many connections after another, a file on each."""

  limit = 240

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(*[[path] for path in stage.files(*[KB] * HANDSHAKES)], tries=TRIES)
    suffered = self.suffered(stage.place.world.counters())
    made = len(stage.trace().connections)
    if made < HANDSHAKES:
      raise Failed(f"{HANDSHAKES} connections were asked for and {made} made")
    more = f", {made - HANDSHAKES} more were begun and given up" if made > HANDSHAKES else ""
    return f"{HANDSHAKES} connections{more} ({suffered})"


class HandshakeLoss(_Handshakes):
  name = "handshakeloss"
  about = f"{HANDSHAKES} connections with a file of 1 KiB each, while 30 % of the datagrams are lost each way"
  profile = "qir_handshake_loss"
  sign, words = "lost", "lost"


class HandshakeCorruption(_Handshakes):
  name = "handshakecorruption"
  about = f"{HANDSHAKES} connections with a file of 1 KiB each, while 30 % of the datagrams are damaged each way"
  profile = "qir_handshake_corruption"
  sign, words = "corrupted", "damaged"
