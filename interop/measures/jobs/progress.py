"""How far the jobs of a run are, and when the last will be done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Progress:
  """What a job said last."""

  share: float = 0.0
  about: str = "starts"
  begun: float | None = None
  """When it said something for the first time, in time.monotonic()."""
  at: float = 0.0

  @staticmethod
  def read(path: Path) -> Progress:
    """The last whole line of a job's file, if there is one."""
    if not path.exists():
      return Progress()
    lines = [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    if not lines:
      return Progress()
    return Progress(lines[-1]["share"], lines[-1]["about"], lines[0]["at"], lines[-1]["at"])

  def left_s(self, now: float) -> float | None:
    """Seconds until it is done, if it goes on as it did; None while that cannot be said."""
    if self.begun is None or self.share <= 0:
      return None
    return max(0.0, (self.at - self.begun) / self.share * (1 - self.share) - (now - self.at))


def line(jobs: dict[str, Progress], now: float, waiting: int) -> str:
  """One line of all: the slowest decides. `waiting` jobs have not begun and come after those that run."""
  lefts = [each.left_s(now) for each in jobs.values() if each.share < 1]
  if not jobs or None in lefts:
    left = "estimating"
  else:
    longest = max(lefts, default=0.0)
    whole = max((each.at - each.begun) / each.share for each in jobs.values() if each.share > 0)
    left = f"{(longest + waiting * whole) / 60:.1f} min left"
  return f"[{left}] " + ", ".join(f"{name} {each.share:.0%}{f' {each.about}' if each.share < 1 else ''}" for name, each in jobs.items())
