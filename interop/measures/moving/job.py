"""The events of one subject: a large file is read, the edge moves, and what becomes of the download is noted."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from ...loads import download
from ..bulk.transfers import LARGE_PATH, write_files
from ..deployments import Kind
from ..jobs.place import Place
from ..recovery.scenarios import SCENARIOS, Scenario
from .events import Event, write_events

SETTLE_S = 4.0
"""The download before the event; at a round trip of 200 ms congestion control has found the link's rate by then."""
TAIL_S = 12.0
"""After the event: a download that stands still for so long counts as lost."""
NAMES = ("rebind_port", "rebind_address", "move_edge")


def scenarios() -> list[Scenario]:
  """What moves an edge, of the events of recovery."""
  return [each for each in SCENARIOS if each.name in NAMES]


def run(place: Place) -> None:
  """Writes SUBJECT-events.csv."""
  files = place.scratch / "files"
  files.mkdir()
  write_files(files, place.settings)
  wanted = [(scenario, repeat) for scenario in scenarios() for repeat in range(place.settings.repeats)]
  events: list[Event] = []
  for done, (scenario, repeat) in enumerate(wanted):
    place.tell(done / len(wanted), f"{scenario.name} {repeat + 1}")
    events.append(_measured(place, scenario, repeat, files))
    write_events(place.results / f"{place.subject}-events.csv", events)
  place.tell(1, "done")


def _measured(place: Place, scenario: Scenario, repeat: int, files: Path) -> Event:
  try:
    with place.deploy(Kind.FILES, files=files) as deployment:
      reading = download.start(deployment.downloads, LARGE_PATH, SETTLE_S + TAIL_S)
      time.sleep(SETTLE_S)
      happened = time.perf_counter()
      scenario.happen(place.world, deployment)
      found = download.result(reading, SETTLE_S + TAIL_S)
      deployment.check()
      return Event.of(scenario.name, repeat, found, happened)
  except Exception as error:  # noqa: BLE001
    # One event that cannot be measured is no reason to give up the others, and none to forget it.
    traceback.print_exc()
    place.failures += 1
    return Event.unknown(scenario.name, repeat, (str(error).splitlines() or [type(error).__name__])[0][:200])
