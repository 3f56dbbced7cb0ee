"""What is transferred, and files of what became of it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ...loads.download import Download
from ...origins.module_tree import VERSION, write_tree
from .. import Settings

ZIP_PATH = f"/example.test/large/@v/{VERSION}.zip"
LARGE_PATH = "/large"
STALL_S = 1.0
"""A stall is a time without a byte that is longer."""
MOST_LARGE = 5
"""Repetitions of the large transfer, at most: each takes up to the limit."""
SHARED = "shared"
"""The large transfer that has small calls beside it."""


@dataclass(frozen=True)
class Transfer:
  """A path that is asked for a number of times."""

  name: str
  path: str
  repeats: int


def transfers(settings: Settings) -> list[Transfer]:
  """Both; a look takes the zip alone."""
  found = [Transfer("zip", ZIP_PATH, settings.repeats), Transfer("large", LARGE_PATH, min(settings.repeats, MOST_LARGE))]
  return found[:1] if settings.quick else found


def limit_s(settings: Settings) -> float:
  """How long a transfer may take."""
  return min(settings.limit_s, 5) if settings.quick else settings.limit_s


def write_files(folder: Path, settings: Settings) -> None:
  """The module tree and the large file."""
  write_tree(folder, settings.seed)
  with (folder / LARGE_PATH[1:]).open("wb") as file:
    file.truncate(settings.bulk_bytes)


@dataclass(frozen=True)
class Row:
  """One transfer in a line."""

  what: str
  repeat: int
  size: int
  received: int
  seconds: float
  first_byte_s: float
  stalls: int
  stalled_s: float
  longest_pause_s: float
  failure: str

  @staticmethod
  def of(what: str, repeat: int, download: Download) -> Row:
    stalls = download.stalls(STALL_S)
    return Row(
      what, repeat, download.size, download.received, round(download.seconds, 3),
      round(download.first_byte_s, 4) if download.first_byte_s is not None else float("inf"),
      len(stalls), round(sum(stalls), 3), round(max((length for _, length in download.pauses), default=0.0), 3), download.failure or "")

  @property
  def megabits_per_second(self) -> float:
    return self.received * 8e-6 / self.seconds


def write_rows(path: Path, rows: list[Row]) -> None:
  """A line a transfer."""
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(Row.__dataclass_fields__)
    writer.writerows([getattr(row, name) for name in Row.__dataclass_fields__] for row in rows)


def read_rows(path: Path) -> list[Row]:
  """What write_rows wrote."""
  kinds = {name: {"int": int, "float": float}.get(field.type, str) for name, field in Row.__dataclass_fields__.items()}
  with path.open(newline="") as file:
    return [Row(**{name: kind(row[name]) for name, kind in kinds.items()}) for row in csv.DictReader(file)]


def write_arrivals(path: Path, downloads: dict[str, Download]) -> None:
  """When bytes came: a line for each tenth of a second of each transfer."""
  with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["transfer", "at_s", "bytes"])
    for name, download in downloads.items():
      writer.writerows([name, f"{at:.3f}", count] for at, count in download.arrivals)


def read_arrivals(path: Path) -> dict[str, list[tuple[float, int]]]:
  """What write_arrivals wrote, by transfer."""
  found: dict[str, list[tuple[float, int]]] = {}
  with path.open(newline="") as file:
    for row in csv.DictReader(file):
      found.setdefault(row["transfer"], []).append((float(row["at_s"]), int(row["bytes"])))
  return found
