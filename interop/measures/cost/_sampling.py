"""Takes subjects in turns, sample by sample, so that a disturbance hits all of them; a line in samples.csv for each figure."""

from __future__ import annotations

import csv
import dataclasses
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .. import Settings
from . import measure


@dataclass(frozen=True)
class Sample:
  """One figure of one run."""

  measure: str
  subject: str
  repeat: int
  metric: str
  value: float
  failed: bool


def run(names: list[str], subjects: list[str], settings: Settings, folder: Path, written: Callable[[list[Sample]], None]) -> list[Sample]:
  """All samples; `written` gets those there are after each, so that a run that is stopped has not been for nothing."""
  samples: list[Sample] = []
  turns = [(repeat, name, subject) for repeat in range(settings.repeats) for name in names for subject in subjects
           if subject in getattr(measure(name), "SUBJECTS", subjects)]
  begin = time.monotonic()
  for done, (repeat, name, subject) in enumerate(turns, 1):
    fresh = _sample(name, subject, repeat, settings)
    samples += fresh
    _write(folder / "samples.csv", samples)
    written(samples)
    left = (time.monotonic() - begin) / done * (len(turns) - done)
    print(f"[{done}/{len(turns)}, {left / 60:.0f} min left] {name} {subject}: "
          + ", ".join(f"{each.metric} {each.value:.3g}" for each in fresh), file=sys.stderr, flush=True)
  return samples


def _sample(name: str, subject: str, repeat: int, settings: Settings) -> list[Sample]:
  module = measure(name)
  with tempfile.TemporaryDirectory(prefix="interop-bench-") as scratch:
    try:
      values = module.measure(subject, Path(scratch), settings)
    except Exception as error:  # noqa: BLE001, one subject's failure is a result, not the end of the others' run
      print(f"{name} {subject}: {type(error).__name__}: {str(error)[:500]}", file=sys.stderr)
      return [Sample(name, subject, repeat, metric, float("nan"), True) for metric in module.METRICS]
  return [Sample(name, subject, repeat, metric, value, False) for metric, value in values.items()]


def _write(path: Path, samples: list[Sample]) -> None:
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow([field.name for field in dataclasses.fields(Sample)])
    writer.writerows(dataclasses.astuple(sample) for sample in samples)
