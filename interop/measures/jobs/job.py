"""One subject's part of a measure, as a process that lives in the edge's namespace of a world of its own.

python -m interop.measures.jobs.job ORDER.json, where the order is what run.py wrote.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import resource
import signal
import sys
import tempfile
from pathlib import Path

from ...rig.world import World
from .. import Settings
from ..deployments import congestion
from .place import Place


def main() -> int:
  order = json.loads(Path(sys.argv[1]).read_text())
  # An ordinary exception, so that the world and all that runs in it are taken away.
  signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
  most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
  resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
  settings = Settings(**order["settings"])
  subject, results = order["subject"], Path(order["results"])
  measure = importlib.import_module(f"..{order['measure']}.job", __package__)
  with tempfile.TemporaryDirectory(prefix="interop-bench-") as scratch, \
       World(order["profile"], seed=settings.seed, driver=settings.driver) as world:
    # nginx's workers are not root and have to look into what is served from here.
    Path(scratch).chmod(0o755)
    control = congestion(subject, settings)
    if control:
      for namespace in (world.edge, world.core):
        namespace.tcp_congestion_control(control)
    place = Place(subject, world, settings, results, Path(scratch), Path(order["progress"]))
    place.notes |= {"driver": world.driver, "world": world.index, "congestion_control": control or "its own"}
    try:
      with world.edge.enter():
        measure.run(place)
    finally:
      # What was measured before it was stopped needs its notes too.
      place.notes["link"] = dataclasses.asdict(world.counters())
      (results / f"{subject}.json").write_text(json.dumps(place.notes, indent=2) + "\n")
  return int(place.failures > 0)


if __name__ == "__main__":
  sys.exit(main())
