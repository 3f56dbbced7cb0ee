"""What a link does to what crosses it: values, one direction each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Burst:
  """The model of Gilbert and Elliott: a good and a bad state, each with its own loss, which may change with every packet."""

  good_to_bad: float
  bad_to_good: float
  loss_in_good: float = 0
  loss_in_bad: float = 1

  def __post_init__(self) -> None:
    for name in ("good_to_bad", "bad_to_good", "loss_in_good", "loss_in_bad"):
      _require_probability(f"burst.{name}", getattr(self, name))

  @property
  def average_loss(self) -> float:
    """The share of packets that is lost in the long run."""
    changes = self.good_to_bad + self.bad_to_good
    bad = self.good_to_bad / changes if changes else 0
    return bad * self.loss_in_bad + (1 - bad) * self.loss_in_good


@dataclass(frozen=True)
class Blackouts:
  """Times in which nothing gets through, again and again: `on_s` seconds the link works, `off_s` seconds everything is lost."""

  on_s: float
  off_s: float
  random: bool = False
  """The times are means of exponentially distributed ones, each direction's its own."""
  first_s: float | None = None
  """When the first one begins, counted from the moment these conditions were set; after `on_s` unless given. Not for random ones."""

  def __post_init__(self) -> None:
    for name, value in (("on_s", self.on_s), ("off_s", self.off_s)):
      if value <= 0:
        raise ValueError(f"blackouts.{name}: {value!r} is not more than 0 seconds")
    if self.first_s is not None and self.first_s < 0:
      raise ValueError(f"blackouts.first_s: {self.first_s!r} is in the past")

  @property
  def first(self) -> float:
    return self.on_s if self.first_s is None else self.first_s


@dataclass(frozen=True)
class Rebind:
  """A NAT that forgets by itself: the port, or the address and the port, change after `first_s` and then every `every_s`."""

  what: Literal["port", "address"]
  first_s: float
  every_s: float

  def __post_init__(self) -> None:
    if self.what not in ("port", "address"):
      raise ValueError(f"rebind.what: {self.what!r} is neither port nor address")
    for name, value in (("first_s", self.first_s), ("every_s", self.every_s)):
      if value <= 0:
        raise ValueError(f"rebind.{name}: {value!r} is not more than 0 seconds")


@dataclass(frozen=True)
class Conditions:
  """One direction of a link; the default does nothing. Probabilities are 0…1 and drawn for every packet."""

  delay_ms: float = 0
  jitter_ms: float = 0
  """The delay is evenly spread from `delay_ms - jitter_ms` to `delay_ms + jitter_ms`; packets stay in order."""
  loss: float = 0
  loss_run: int | None = None
  """How many packets in a row `loss` takes at most; the next one gets through."""
  burst: Burst | None = None
  blackouts: Blackouts | None = None
  rate_mbit: float | None = None
  queue_packets: int | None = None
  """How many packets may wait for the rate; what does not fit is dropped. Without either limit they are 1000."""
  queue_bytes: int | None = None
  reorder: float = 0
  """With this probability a packet is held back by `reorder_delay_ms`, and later ones overtake it."""
  reorder_delay_ms: float = 5
  duplicate: float = 0
  corrupt: float = 0
  """With this probability one bit of the packet is flipped; its checksum does not fit then, and the receiving kernel drops it."""
  corrupt_unnoticed: bool = False
  """Of UDP the bit is in the first 50 bytes of the content and the checksum fits, so that the endpoint meets the damage. Not with netem."""
  drop_list: tuple[int, ...] = ()
  """The packets that are dropped by their number in this direction; the first after these conditions were set is 1."""

  def __post_init__(self) -> None:
    for name in ("delay_ms", "jitter_ms", "reorder_delay_ms"):
      if getattr(self, name) < 0:
        raise ValueError(f"{name}: {getattr(self, name)!r} is less than nothing")
    for name in ("loss", "reorder", "duplicate", "corrupt"):
      _require_probability(name, getattr(self, name))
    for name in ("loss_run", "rate_mbit", "queue_packets", "queue_bytes"):
      value = getattr(self, name)
      if value is not None and value <= 0:
        raise ValueError(f"{name}: {value!r} is not more than 0")
    if any(number < 1 for number in self.drop_list):
      raise ValueError(f"drop_list: {self.drop_list!r} counts from 1")


def _require_probability(name: str, value: float) -> None:
  if not 0 <= value <= 1:
    raise ValueError(f"{name}: {value!r} is no probability from 0 to 1")
