"""Figures of transfers, medians over repetitions, and of the calls beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

from ...loads.calls import lateness, read_calls
from ...loads.own_lateness import LIMIT_MS
from .. import Settings
from ..results.figure import Figure
from ..results.ranking import ENOUGH, ranked
from ..statistics import repeats
from ..statistics.bootstrap import Bootstrap
from ..statistics.counts import FAILED, counted
from ..statistics.estimate import NOTHING
from ..statistics.percentiles import rests_on_few
from .transfers import SHARED, Row, read_rows, transfers

MEASURE = "bulk"
NAMES = {"zip": "20 MB zip", "large": "large file", SHARED: "large file with calls beside it"}
METRICS: dict[str, tuple[str, str, bool, Callable[[Row], float]]] = {
  "goodput": ("goodput", "Mbit/s", False, lambda row: row.megabits_per_second),
  "first_byte": ("first byte", "ms", True, lambda row: row.first_byte_s * 1000),
  "stalled": ("stalled, longer than 1 s", "s", True, lambda row: row.stalled_s),
  "longest_pause": ("longest pause", "s", True, lambda row: row.longest_pause_s),
  "share": ("share that came within the limit", "%", False, lambda row: 100 * row.received / row.size if row.size else 0.0)}
PERCENTILES = {"p50": 0.5, "p99": 0.99}
CALLS = {"alone": "small calls alone", "beside": "small calls beside a transfer"}


def figures(results: Path, profile: str, subjects: list[str], settings: Settings) -> list[Figure]:
  """Everything that the subjects' files tell."""
  found: list[Figure] = []
  taken = [*(transfer.name for transfer in transfers(settings)), SHARED]
  for subject in subjects:
    rows = _rows(results, subject)
    for what in taken:
      chosen = [row for row in rows if row.what == what]
      for metric, (title, unit, less, of) in METRICS.items():
        if chosen or metric == "goodput":
          estimate = repeats.median([of(row) for row in chosen])
          found.append(Figure(MEASURE, profile, what, metric, subject, f"{NAMES[what]}: {title}", unit, less,
                              estimate.value, estimate.low, estimate.high, len(chosen), len(chosen) >= ENOUGH))
    found += _calls(results, profile, subject, settings.seed)
  return ranked(found)


def _rows(results: Path, subject: str) -> list[Row]:
  path = results / f"{subject}-transfers.csv"
  return read_rows(path) if path.exists() else []


def _calls(results: Path, profile: str, subject: str, seed: int) -> list[Figure]:
  path = results / f"{subject}-calls.csv"
  series = read_calls(path) if path.exists() else {}
  notes = json.loads(path.read_text()) if (path := results / f"{subject}.json").exists() else {}
  late = notes.get("own_lateness_p99_ms")
  busy, found = late is not None and late > LIMIT_MS, []
  for which, name in CALLS.items():
    calls = series.get(which, [])
    drawn = Bootstrap.of(lateness(calls), list(PERCENTILES.values()), at_once=20, seed=seed) if calls else None
    for place, (metric, quantile) in enumerate(PERCENTILES.items()):
      estimate = drawn.estimate(place) if drawn else NOTHING
      found.append(Figure(MEASURE, profile, which, metric, subject, f"{name}: {metric.upper()}", "ms", True,
                          estimate.value, estimate.low, estimate.high, len(calls),
                          bool(calls) and not busy and not rests_on_few(quantile, len(calls))))
    failed = counted(sum(not call.good for call in calls)) if calls else NOTHING
    found.append(Figure(MEASURE, profile, which, FAILED, subject, f"{name}: failed", "calls", True,
                        failed.value, failed.low, failed.high, len(calls), bool(calls) and not busy))
  if late is not None:
    found.append(Figure(MEASURE, profile, "beside", "own_lateness", subject, "small calls: P99 of the callers' own lateness", "ms", True,
                        late, late, late, len(series.get("beside", [])), judged=False))
  return found
