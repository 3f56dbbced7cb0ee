"""Explicit congestion notification (RFC 9000 §13.4)."""

from __future__ import annotations

from ..evidence.trace import marks_counted
from ..stage import Lacking, Missing, Stage
from ._case import Case, the_only_connection
from .plain import MB

NOT_CAPABLE = 0


class Ecn(Case):
  name = "ecn"
  about = "a file of 1 MiB, whose datagrams are marked ECT, and acknowledgements that count the marks, both ways"

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(MB))
    trace = stage.trace()
    counts = marks_counted(trace.application(the_only_connection(trace)))
    own = stage.own_side
    marked = {side: sum(each.ecn != NOT_CAPABLE for each, from_client in trace.datagrams if from_client is side) for side in (True, False)}
    if not marked[own]:
      raise Missing("quicgw marked no datagram")
    if marked[not own] and not any(counts[own]):
      raise Missing(f"quicgw counted none of the peer's {marked[not own]} marks")
    if not any(counts[not own]):
      raise Lacking(f"the peer counted none of quicgw's {marked[own]} marks")
    peer = f"the peer marked {marked[not own]}, quicgw counted {sum(counts[own])}" if marked[not own] else "the peer marks none itself"
    return f"quicgw marked {marked[own]} datagrams, the peer counted {sum(counts[not own])}; {peer}"
