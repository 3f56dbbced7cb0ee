"""What became of the packets on a link."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DirectionCounters:
  """One direction since the link was made. None where the driver cannot know."""

  sent: int
  delivered: int
  lost: int
  lost_in_burst: int
  lost_in_outage: int
  lost_in_queue: int
  duplicated: int
  """Copies made besides those sent."""
  corrupted: int | None
  reordered: int | None
  under_way: int
  bytes_delivered: int

  @property
  def is_conserved(self) -> bool:
    """Whether each packet was delivered, lost for one reason, or is under way."""
    gone = self.delivered + self.lost + self.lost_in_burst + self.lost_in_outage + self.lost_in_queue
    return self.sent + self.duplicated == gone + self.under_way


@dataclass(frozen=True)
class Counters:
  """Both directions, and how late the userspace link is with what it delivers."""

  forward: DirectionCounters
  backward: DirectionCounters
  lateness_us: dict[str, float] | None = None
  """p50, p99 and max in microseconds; None for a link in the kernel."""
  refused: int = 0
  """Packets that were delivered and that the receiving kernel did not take."""
