"""The record of a call, and files of them."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Iterable, NamedTuple

import numpy as np

GOOD = "OK"


class Call(NamedTuple):
  """One call. Its start is when it should have been sent, which in an open loop is not when a busy caller got round to it."""

  start_s: float
  """Since the first call of its series."""
  latency_ms: float
  """Until the answer or the failure."""
  status: str
  """gRPC's name of it."""

  @property
  def good(self) -> bool:
    return self.status == GOOD

  @property
  def end_s(self) -> float:
    return self.start_s + self.latency_ms / 1000


def write_calls(path: Path, series: dict[str, list[Call]]) -> None:
  """A line for each call, behind the name of its series."""
  path.parent.mkdir(parents=True, exist_ok=True)
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["series", *Call._fields])
    for name, calls in series.items():
      writer.writerows([name, f"{call.start_s:.6f}", f"{call.latency_ms:.3f}", call.status] for call in calls)


def read_calls(path: Path) -> dict[str, list[Call]]:
  """What write_calls wrote."""
  found: dict[str, list[Call]] = {}
  with path.open(newline="") as file:
    for row in csv.DictReader(file):
      found.setdefault(row["series"], []).append(Call(float(row["start_s"]), float(row["latency_ms"]), row["status"]))
  return found


def lateness(calls: Iterable[Call]) -> np.ndarray:
  """Latencies in ms in the order of their starts; a call that failed never came, and is infinitely late."""
  ordered = sorted(calls, key=lambda call: call.start_s)
  return np.array([call.latency_ms if call.good else math.inf for call in ordered])
