"""The transfers of one subject, one after the other, and then small calls without and with a transfer beside them."""

from __future__ import annotations

import asyncio

from ...loads import download
from ...loads.calls import Call, write_calls
from ...loads.channel import open_channel
from ...loads.download import Download
from ...loads.own_lateness import OwnLateness
from ...loads.unary import Caller, open_loop, poisson
from ..deployments import Deployment, Kind
from ..jobs.place import Place
from .transfers import LARGE_PATH, SHARED, Row, limit_s, transfers, write_arrivals, write_files, write_rows

RATE = 20.0
DEADLINE_S = 30.0
MESSAGE = b"m" * 100
BEGIN_S = 1.0
"""The transfer beside the calls begins so much before them."""


def run(place: Place) -> None:
  """Writes SUBJECT-transfers.csv, SUBJECT-arrivals.csv and SUBJECT-calls.csv."""
  files = place.scratch / "files"
  files.mkdir()
  write_files(files, place.settings)
  wanted = [(each, repeat) for each in transfers(place.settings) for repeat in range(each.repeats)]
  limit, found = limit_s(place.settings), {}
  with place.deploy(Kind.FILES, files=files) as deployment:
    for done, (transfer, repeat) in enumerate(wanted):
      place.tell(done / (len(wanted) + 2), f"{transfer.name} {repeat + 1}/{transfer.repeats}")
      found[f"{transfer.name} {repeat + 1}"] = download.result(download.start(deployment.downloads, transfer.path, limit), limit)
      deployment.check()
      _write(place, found)
  place.tell(len(wanted) / (len(wanted) + 2), "calls beside a transfer")
  with place.deploy(Kind.CALLS, files=files) as deployment:
    asyncio.run(_calls(place, deployment, limit, found))
    deployment.check()
  _write(place, found)
  place.tell(1, "done")


def _write(place: Place, found: dict[str, Download]) -> None:
  rows = [Row.of(name.split()[0], int(name.split()[1]) - 1, each) for name, each in found.items()]
  write_rows(place.results / f"{place.subject}-transfers.csv", rows)
  write_arrivals(place.results / f"{place.subject}-arrivals.csv", found)


async def _calls(place: Place, deployment: Deployment, limit: float, found: dict[str, Download]) -> None:
  """The same calls twice, alone and beside a transfer that ends when they do."""
  series: dict[str, list[Call]] = {}
  count = int(RATE * (limit - BEGIN_S))
  channel = open_channel(deployment.calls)
  try:
    caller = Caller(channel, MESSAGE, DEADLINE_S)
    await caller.warm_up()
    async with OwnLateness() as own:
      series["alone"] = await _series(place, caller, count)
      transfer = download.start(deployment.downloads, LARGE_PATH, limit)
      await asyncio.sleep(BEGIN_S)
      series["beside"] = await _series(place, caller, count)
      found[f"{SHARED} 1"] = await asyncio.to_thread(download.result, transfer, limit)
  finally:
    await channel.close()
  place.notes["own_lateness_p99_ms"] = round(own.p99_ms(), 3)
  write_calls(place.results / f"{place.subject}-calls.csv", series)


async def _series(place: Place, caller: Caller, count: int) -> list[Call]:
  return await open_loop(caller.call, poisson(RATE, count, place.settings.seed))
