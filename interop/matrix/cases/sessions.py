"""Sessions that are taken up again (RFC 8446 §2.2), with early data and without."""

from __future__ import annotations

from ..evidence.packets import Kind
from ..stage import Failed, Missing, Stage
from ._case import Case, counted
from .plain import KB


class Resumption(Case):
  name = "resumption"
  about = "two connections, the second with the session of the first"

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(*[[path] for path in stage.files(KB, KB)], resume=True)
    connections = stage.trace().connections
    if len(connections) != 2:
      raise Failed(f"{counted(len(connections), 'connection')} instead of two")
    if not connections[1].resumed:
      raise stage.absent(stage.own_side, "the second connection made a full handshake")
    return "the second ServerHello takes up the session"


class ZeroRoundTrip(Case):
  name = "zerortt"
  about = "two connections; the requests of the second leave before its handshake is done and are answered"

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(*[[path] for path in stage.files(KB, KB)], resume=True, early_data=True)
    trace = stage.trace()
    if len(trace.connections) != 2:
      raise Failed(f"{counted(len(trace.connections), 'connection')} instead of two")
    early = trace.of_kind(Kind.ZERO_RTT, from_client=True)
    if not early:
      raise Missing("no early data was sent")
    if not trace.accepts_early_data(trace.connections[1]):
      raise Missing(f"{counted(len(early), '0-RTT packet')} refused, the request answered after the handshake")
    return f"{counted(len(early), '0-RTT packet')}, accepted"
