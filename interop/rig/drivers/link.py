"""What every driver of a link can do."""

from __future__ import annotations

from typing import Protocol

from ..conditions import Conditions
from .counters import Counters


class Link(Protocol):
  """The two devices between the NAT (`outside`) and the core (`wan`), and what happens to packets on their way."""

  name: str

  def open(self) -> None:
    """Makes the devices, up and without addresses, in the two namespaces."""

  def set(self, forward: Conditions, backward: Conditions) -> None:
    """Changes what happens from now on; what is under way is not touched."""

  def down(self) -> None:
    """Nothing gets through from now on."""

  def up(self) -> None:
    """It does again, at the conditions that were set last; also ends a black-out."""

  def black_out(self, seconds: float) -> None:
    """Nothing gets through for a time; returns at once."""

  def counters(self) -> Counters:
    """What became of the packets since `open`."""

  def close(self) -> None:
    """Ends what runs for it; the devices go with their namespaces."""
