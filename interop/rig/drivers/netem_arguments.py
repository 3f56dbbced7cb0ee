"""Conditions in the words of tc(8): what netem and tbf are told for one direction.

A direction has two stages, each the egress of a device of its own. The first loses, duplicates and damages, and its child is the wire
with its queue (tbf). The second holds single packets back, and its child is the delay. Keeping the delay apart from the queue matters:
netem's own `limit` counts packets in delay too, so that one netem with rate, delay and limit has another queue than it was asked for.
"""

from __future__ import annotations

from ..conditions import Conditions

LIMIT = 1_000_000
"""Packets that may be in delay: never what drops one."""
NO_RATE = "0bit"
IN_ORDER = "100gbit"
"""netem keeps packets in order only where it has a rate; this one adds a tenth of a microsecond."""
DEFAULT_QUEUE_PACKETS = 1000
TABLE_SIZE = 10_000
"""netem draws from a table of that many delays, in units of 1/8192 of the deviation that it was told; tc's message holds 16 000."""
UNIT = 8192


def losses(conditions: Conditions) -> list[str]:
  """Of the first stage: netem. Each value is named, because netem keeps what a change does not name.

  The sizes that its child counts are without the Ethernet header, as the rate of a link is meant.
  `loss_run` has no word here: at a loss of 30 % in runs of at most 4 netem loses 0.2 % more than asked. Nor has `corrupt_unnoticed`: what
  netem damages is dropped by the receiving kernel.
  """
  return [
    "stab", "overhead", "-14", "netem", "limit", str(LIMIT), *_loss(conditions),
    "duplicate", _percent(conditions.duplicate), "corrupt", _percent(conditions.corrupt)]


def wire(conditions: Conditions) -> list[str] | None:
  """The child of the first stage: tbf. None for any rate."""
  if conditions.rate_mbit is None:
    return None
  bytes_per_second = conditions.rate_mbit * 1e6 / 8
  # What fits into the bucket makes up for timers that are late: two packets, 2 ms up to 100 Mbit/s, half a millisecond beyond.
  burst = round(max(3200, min(bytes_per_second * 0.002, 25_000), bytes_per_second * 0.0005))
  # The limit is that of tbf's child, which tbf passes on to it as a bare number whenever it changes.
  return ["tbf", "rate", f"{conditions.rate_mbit * 1e6:.0f}bit", "burst", str(burst), "limit", queue(conditions)[-1]]


def queue(conditions: Conditions) -> list[str]:
  """What waits for the wire: the child of tbf. With both limits the narrower one for full packets rules."""
  packets, size = conditions.queue_packets, conditions.queue_bytes
  if size and (not packets or size < packets * 1500):
    return ["bfifo", "limit", str(size)]
  return ["pfifo", "limit", str(packets or DEFAULT_QUEUE_PACKETS)]


def stragglers(conditions: Conditions, table: str) -> list[str]:
  """Of the second stage: netem that holds back by a table in which only a share of the entries is a delay."""
  # tc takes a table only with a delay and a deviation. Where nothing is held back, the table says so.
  return ["netem", "limit", str(LIMIT), "delay", "0.001ms", f"{conditions.reorder_delay_ms or 1:g}ms", "distribution", table]


def delay(conditions: Conditions) -> list[str]:
  """The child of the second stage: netem with the delay, evenly spread and in order."""
  spread = [f"{conditions.jitter_ms:g}ms"] if conditions.jitter_ms else []
  rate = IN_ORDER if conditions.jitter_ms else NO_RATE
  return ["netem", "limit", str(LIMIT), "delay", f"{conditions.delay_ms:g}ms", *spread, "rate", rate]


def straggler_table(conditions: Conditions) -> str:
  """The file that tc reads for `stragglers`: a share of ones, the rest nothing."""
  late = round(conditions.reorder * TABLE_SIZE) if conditions.reorder_delay_ms else 0
  values = [UNIT] * late + [0] * (TABLE_SIZE - late)
  return "\n".join(" ".join(map(str, values[begin:begin + 16])) for begin in range(0, TABLE_SIZE, 16)) + "\n"


def _loss(conditions: Conditions) -> list[str]:
  burst = conditions.burst
  if burst is None:
    return ["loss", "random", _percent(conditions.loss)]
  # netem has one model at a time: losses of their own kind besides the bursts raise both states' loss.
  good, bad = (1 - (1 - each) * (1 - conditions.loss) for each in (burst.loss_in_good, burst.loss_in_bad))
  return ["loss", "gemodel", *map(_percent, (burst.good_to_bad, burst.bad_to_good, bad, good))]


def _percent(probability: float) -> str:
  return f"{probability * 100:.6f}%"
