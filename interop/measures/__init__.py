"""What is measured, and with what settings.

`cost` holds what loopback can tell: CPU, memory, requests a second; one file each. The others need a link, which interop/rig makes: `latency`,
`bulk`, `recovery` and `moving` are folders with the same parts, `job` (one subject on a link of its own), `figures` (of what the jobs wrote), `plots`.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import cost

ON_A_LINK = ("latency", "bulk", "recovery", "moving")
"""Measures that need a link, in the order in which they are taken."""
QUICK_ON_A_LINK = ("latency", "bulk", "recovery")
QUICK_COST = ("cold_start", "grpc_cost", "memory")
"""What a look at everything takes of cost; the others take minutes for each subject."""


@dataclass(frozen=True)
class Settings:
  """What a run may vary; every result folder keeps them."""

  repeats: int = 5
  loops: int | None = None
  calls: int | None = None
  """Calls of a sample or a cell; each measure has its own number unless given."""
  bulk_bytes: int = 1 << 30
  idle_connections: tuple[int, ...] = (1000, 10_000)
  quick: bool = False
  """A look: less of everything, not for quoting."""
  seed: int = 1
  """Of the link's losses, of the callers' times and of the bootstrap."""
  driver: str | None = None
  """Of the link: netem, tun, or automatic."""
  limit_s: float = 60
  """How long one transfer may take; what has not come by then is not waited for."""
  congestion: str = "bbr"
  """The kernel's congestion control for gateways that cross the link over TCP."""

  def calls_or(self, usual: int, quick: int) -> int:
    """How many calls: as many as were asked for, else a measure's own number."""
    return self.calls or (quick if self.quick else usual)


def names() -> list[str]:
  """All measures."""
  return [*ON_A_LINK, *cost.names()]


def named(words: list[str], *, quick: bool = False) -> list[str]:
  """The measures that words of a command line mean: names, `cost` for all on loopback, `all`, of which a look takes the shorter ones."""
  groups = {"all": [*QUICK_ON_A_LINK, *QUICK_COST] if quick else names(), "cost": cost.names()}
  chosen = {name for word in words for name in groups.get(word, [word])}
  if unknown := chosen - set(names()):
    raise LookupError(f"no measure {', '.join(sorted(unknown))}; there are: {', '.join([*groups, *names()])}")
  return [name for name in names() if name in chosen]
