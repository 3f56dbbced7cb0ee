"""The cases of the QUIC Interop Runner, each over HTTP/3 with mutual TLS. One file a family; a case says itself what it has seen."""

from __future__ import annotations

from ._case import Case
from .addresses import ConnectionMigration, RebindAddress, RebindPort
from .amplification import AmplificationLimit
from .congestion import Ecn
from .impaired import Blackhole, HandshakeCorruption, HandshakeLoss, LongRoundTrip, TransferCorruption, TransferLoss
from .openings import Retry, VersionNegotiation, VersionTwo
from .plain import Handshake, Http3, IPv6, Multiplexing, Transfer
from .protection import ChaCha20, KeyUpdate
from .sessions import Resumption, ZeroRoundTrip

CASES: dict[str, Case] = {each.name: each for each in [
  Handshake(), Transfer(), LongRoundTrip(), ChaCha20(), Multiplexing(), Retry(), Resumption(), ZeroRoundTrip(), Http3(), Blackhole(),
  KeyUpdate(), Ecn(), AmplificationLimit(), HandshakeLoss(), TransferLoss(), HandshakeCorruption(), TransferCorruption(), IPv6(),
  VersionTwo(), RebindPort(), RebindAddress(), ConnectionMigration(), VersionNegotiation()]}
"""By their names, in the order of the QUIC Interop Runner."""


def case(name: str) -> Case:
  """The case of that name."""
  if name not in CASES:
    raise LookupError(f"no case {name!r}; there are: {', '.join(CASES)}")
  return CASES[name]
