"""The cells of the latency table: who calls, and with how much."""

from __future__ import annotations

from dataclasses import dataclass

from .. import Settings

RATE = 20.0
"""Calls a second of the open loop, from all its users together."""
DEADLINE_S = 30.0
MANY = 64
"""Callers that together make so many calls that a small machine has no processor left for another subject's."""
SIZES = {"100 B": 100, "1 KiB": 1024}


@dataclass(frozen=True)
class Cell:
  """Callers that wait for their answers, or, without callers, calls that come when they come."""

  callers: int
  size: str

  @property
  def name(self) -> str:
    """For file names and figures."""
    return f"{f'closed{self.callers}' if self.callers else 'open20'}_{self.size.replace(' ', '')}"

  @property
  def title(self) -> str:
    how = f"closed loop, {self.callers} caller{'s' * (self.callers > 1)}" if self.callers else f"open loop, Poisson, {RATE:g}/s"
    return f"{how}, {self.size}"

  @property
  def message(self) -> bytes:
    return b"m" * SIZES[self.size]

  @property
  def at_once(self) -> int:
    """How many calls share their luck; of an open loop those of two seconds, about as long as a lost packet is felt."""
    return self.callers or int(RATE)

  @property
  def takes_turns(self) -> bool:
    """Whether it is measured while no other subject's cell of this kind is."""
    return self.callers >= MANY

  def weight(self) -> float:
    """How long it takes beside others, for the estimate of the time left."""
    return 1 / min(self.callers, 20) if self.callers else 4 / RATE


def cells(settings: Settings) -> list[Cell]:
  """Those that a run takes, those first of which most is said; a look takes the smaller message alone."""
  return [Cell(callers, size) for size in list(SIZES)[:1 if settings.quick else None] for callers in (1, 0, 8, 64)]


def calls(settings: Settings) -> int:
  """Calls of a cell: enough for a P99 with an interval, or for a look."""
  return settings.calls_or(3000, 100)
