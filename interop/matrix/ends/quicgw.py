"""The gateway under test: a core as the server, edges as clients."""

from __future__ import annotations

import threading

from ...lib.process import Process
from ...subjects import quicgw
from ..programs.job import Job, Offer
from ..stage import Stage
from . import CLIENT, SERVER, _gateway

TITLE = "quicgw"
KEYLOG = ["--keylog"]
"""The keys go into the file that the environment names; they open what was captured."""
MOVE_AFTER_S = 3
"""When a download of eight seconds is under way."""
version = quicgw.version

V2 = "its ngtcp2 0.12.1 knows version 2 only by the number of a draft, 0x709a50c4, and not by RFC 9369's; so it speaks version 1 only"
CANNOT = {
  SERVER: {},
  CLIENT: {"versionnegotiation": "an edge begins with version 1, the only one it speaks: there is nothing that it could negotiate"},
}
"""What the stack under quicgw does not do, and why, where there is nothing that could be tried."""

LACKS = {SERVER: {"v2": V2}, CLIENT: {"v2": V2}}
"""The same of cases that are run and show it."""

NOT_YET = {
  SERVER: {},
  CLIENT: {
    "resumption": "an edge resumes sessions with servers on ngtcp2 and GnuTLS; why it keeps no ticket of this one is not known yet",
    "zerortt": "an edge sends early data to servers on ngtcp2 and GnuTLS; why it keeps no ticket of this one is not known yet"},
}
"""What is to come. These cases are run all the same, so that it is seen when they begin to pass."""


TAKES_BODIES = True
SENDS_BESIDES = True


def serve(stage: Stage, offer: Offer) -> Process:
  stage.start_origin()
  core = stage.start_server("core", [*quicgw.core(_plan(stage)), *KEYLOG], _environment(stage))
  if offer.retry:
    # A core demands it from all as soon as two hundred handshakes of a loop are under way.
    stage.flood("--handshakes=250")
  return core


def fetch(stage: Stage, job: Job) -> None:
  def start() -> Process:
    return stage.start("edge", stage.place.client([*quicgw.edge(_plan(stage)), *KEYLOG]), _environment(stage) | _state(stage))

  mover = threading.Timer(MOVE_AFTER_S, stage.place.world.move_edge) if job.wish.move else None
  if mover:
    mover.start()
  try:
    _gateway.fetch(stage, job, start)
  finally:
    if mover:
      mover.cancel()
      mover.join()


def _plan(stage: Stage):
  # One loop, so that what is counted for each loop, such as handshakes in progress before a Retry, is counted for all.
  return stage.plan(loops=1)


def _state(stage: Stage) -> dict[str, str]:
  """Where the edge keeps its session tickets, from one of its runs to the next."""
  folder = stage.keys.parent / "state"
  folder.mkdir(exist_ok=True)
  return {"STATE_DIRECTORY": str(folder)}


def _environment(stage: Stage) -> dict[str, str]:
  return {"SSLKEYLOGFILE": str(stage.keys)}
