"""How soon a fresh edge answers: from its first packet towards the core, seen by a relay between them, to the answer's last
byte at a client that has been waiting; and from the start of its process."""

from __future__ import annotations

import time
from pathlib import Path

from ... import subjects
from ...clients.http1 import Http1Client
from ...lib import ports
from ...lib.pair import Pair
from ...lib.process import Process
from ...lib.relays import DatagramRelay, StreamRelay
from ...origins.nginx import Nginx
from .. import Settings
from . import Metric

METRICS = {
  "first_answer_ms": Metric("first answer of a fresh edge, from its first packet", "ms"),
  "first_answer_from_start_ms": Metric("first answer of a fresh edge, from the start of its process", "ms"),
}
TRIES = 5


def measure(subject: str, scratch: Path, settings: Settings) -> dict[str, float]:
  files = scratch / "files"
  files.mkdir()
  relay_kind = DatagramRelay if subjects.subject(subject).LINK == "h3" else StreamRelay
  core_port = ports.free_port()
  with Nginx(files, scratch) as nginx, relay_kind(core_port) as relay:
    pair = Pair(nginx.url, subject=subject, core_port=core_port, upstream_port=relay.port, loops=settings.loops)
    try:
      pair.start_core()
      tries = [_try(pair, relay) for _ in range(TRIES)]
    finally:
      pair.stop()
  middle = sorted(tries)[TRIES // 2]
  return {"first_answer_ms": middle[0] * 1000, "first_answer_from_start_ms": sorted(each[1] for each in tries)[TRIES // 2] * 1000}


def _try(pair: Pair, relay: DatagramRelay | StreamRelay) -> tuple[float, float]:
  relay.first_at = None
  begin = time.monotonic()
  edge = pair.edge = Process("edge", pair.edge_command(), pair.folder)
  try:
    client = _connect(pair.port, edge)
    client.send_request("GET", "/hello")
    answer = client.read_answer()
    end = time.monotonic()
    client.close()
    if answer.status != 200:
      raise AssertionError(f"the first answer is {answer.status}: {answer.first('proxy-status')}")
    return end - (relay.first_at or begin), end - begin
  finally:
    edge.stop(2)


def _connect(port: int, edge: Process) -> Http1Client:
  end = time.monotonic() + 15
  while True:
    try:
      return Http1Client(port, limit=15)
    except OSError:
      edge.check()
      if time.monotonic() > end:
        raise
      time.sleep(0.0005)
