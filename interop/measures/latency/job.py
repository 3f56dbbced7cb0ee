"""The calls of one subject: every cell in turn, each call kept, packets counted on the link."""

from __future__ import annotations

import asyncio
import fcntl
import time
from contextlib import contextmanager, nullcontext
from typing import Iterator

from ...loads.calls import Call, write_calls
from ...loads.channel import open_channel
from ...loads.own_lateness import OwnLateness
from ...loads.target import Target
from ...loads.unary import Caller, closed_loop, open_loop, poisson
from ..deployments import Kind
from ..jobs.place import Place
from .cells import DEADLINE_S, RATE, Cell, calls, cells

QUIET_S = 1.0
"""Before and after a cell, so that no packet is counted for the wrong one."""


def run(place: Place) -> None:
  """Writes SUBJECT.csv, a line a call; packets for each call and the callers' lateness become notes."""
  series: dict[str, list[Call]] = {}
  whole, done = sum(cell.weight() for cell in cells(place.settings)), 0.0
  with place.deploy(Kind.CALLS) as deployment:
    place.tell(0, "warms up")
    for cell in cells(place.settings):
      def told(count: int, cell: Cell = cell, done: float = done) -> None:
        if count % 25 == 0:
          place.tell((done + cell.weight() * count / calls(place.settings)) / whole, cell.name)

      with _turn(place) if cell.takes_turns else nullcontext():
        series[cell.name] = asyncio.run(_cell(place, deployment.calls, cell, told))
      deployment.check()
      done += cell.weight()
      write_calls(place.results / f"{place.subject}.csv", series)
  place.tell(1, "done")


@contextmanager
def _turn(place: Place) -> Iterator[None]:
  """Waits until no other subject's job is inside; a lock ends with its process, however that ends."""
  with (place.results / "turn.lock").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield


async def _cell(place: Place, target: Target, cell: Cell, told) -> list[Call]:
  channel = open_channel(target)
  try:
    caller = Caller(channel, cell.message, DEADLINE_S)
    await caller.warm_up()
    await asyncio.sleep(QUIET_S)
    before, begin = place.world.counters(), time.monotonic()
    async with OwnLateness() as own:
      if cell.callers:
        found = await closed_loop(caller, callers=cell.callers, calls=calls(place.settings), told=told)
      else:
        times = poisson(RATE, calls(place.settings), place.settings.seed)
        found = await open_loop(caller.call, times, told=told)
    seconds = time.monotonic() - begin
    await asyncio.sleep(QUIET_S)
    after = place.world.counters()
  finally:
    await channel.close()
  place.notes.setdefault("cells", {})[cell.name] = {
    "seconds": round(seconds, 3), "calls": len(found), "failed": sum(not call.good for call in found),
    "packets_forward": after.forward.sent - before.forward.sent, "packets_backward": after.backward.sent - before.backward.sent,
    "own_lateness_p99_ms": round(own.p99_ms(), 3)}
  return found
