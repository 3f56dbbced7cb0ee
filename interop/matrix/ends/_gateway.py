"""A gateway as a client: an edge is started for each connection, and applications ask through its listener."""

from __future__ import annotations

import dataclasses
from typing import Callable

from ...lib import ports
from ...lib.process import Process
from ..programs.job import Job
from ..stage import Stage


def fetch(stage: Stage, job: Job, start: Callable[[], Process], *, once: bool = False) -> None:
  """Works off the job through edges that `start` starts; with `once`, all rounds through one that makes connections by itself."""
  rounds = [job.rounds] if once else [[each] for each in job.rounds]
  for number, some in enumerate(rounds):
    last = number == len(rounds) - 1
    edge = start()
    try:
      ports.wait_for_listener(edge, stage.edge_port, transport="tcp")
      part = dataclasses.replace(job, rounds=some, post=job.post if last else None, limit=stage.left)
      stage.run_program("through", part, stage.edge_port)
      edge.check()
    finally:
      edge.stop(5)

