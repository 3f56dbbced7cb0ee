"""How late the callers' own process is: a timer beside them, whose delay is the machine's and no subject's."""

from __future__ import annotations

import asyncio
import statistics
import time

EVERY_S = 0.01
LIMIT_MS = 5.0
"""Above it the machine was too busy for its callers, and nothing is judged by what they saw."""


class OwnLateness:
  """While the `async with` block runs, a timer goes off each 10 ms and notes how late it was."""

  def __init__(self) -> None:
    self._late: list[float] = []
    self._task: asyncio.Task[None] | None = None

  def p99_ms(self) -> float:
    """The P99 in ms. Beyond a few, latencies of the same cell say more about the machine than about a subject."""
    return statistics.quantiles(self._late, n=100)[98] * 1000 if len(self._late) > 1 else 0.0

  async def _run(self) -> None:
    while True:
      due = time.perf_counter() + EVERY_S
      await asyncio.sleep(EVERY_S)
      self._late.append(time.perf_counter() - due)

  async def __aenter__(self) -> OwnLateness:
    self._task = asyncio.create_task(self._run())
    return self

  async def __aexit__(self, *_: object) -> None:
    self._task.cancel()
