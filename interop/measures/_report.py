"""Samples into a results folder: every sample as CSV, medians and ratios as a Markdown table, settings and machine as JSON."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import platform
import statistics
from dataclasses import dataclass
from pathlib import Path

from .. import measures, subjects
from ..lib import programs
from . import Settings


@dataclass(frozen=True)
class Sample:
  """One figure of one run."""

  measure: str
  subject: str
  repeat: int
  metric: str
  value: float
  failed: bool


def write_results(folder: Path, samples: list[Sample], settings: Settings, pairs: list[str]) -> str:
  """Writes samples.csv, settings.json and table.md; the table."""
  folder.mkdir(parents=True, exist_ok=True)
  with (folder / "samples.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow([field.name for field in dataclasses.fields(Sample)])
    writer.writerows(dataclasses.astuple(sample) for sample in samples)
  (folder / "settings.json").write_text(json.dumps(_circumstances(settings, pairs), indent=2) + "\n")
  table = _table(samples, pairs)
  (folder / "table.md").write_text(table)
  return table


def _table(samples: list[Sample], pairs: list[str]) -> str:
  """A line a figure, a column a subject: median (least to most); beside quicgw's the others' median over it."""
  lines = [f"| | {' | '.join(pairs)} |", "|---" * (len(pairs) + 1) + "|"]
  for name in measures.names():
    for metric, about in measures.measure(name).METRICS.items():
      found = {pair: [each.value for each in samples
                      if (each.measure, each.metric, each.subject) == (name, metric, pair) and not each.failed] for pair in pairs}
      if not any(found.values()):
        continue
      own = statistics.median(found["quicgw"]) if found.get("quicgw") else None
      cells = [_cell(found[pair], own if pair != "quicgw" else None) for pair in pairs]
      lines.append(f"| {about.title}, {about.unit} | {' | '.join(cells)} |")
  return "\n".join(lines) + "\n"


def _cell(values: list[float], own: float | None) -> str:
  if not values:
    return "failed"
  middle = statistics.median(values)
  ratio = f", {middle / own:.2f}x quicgw" if own else ""
  spread = f" ({min(values):.3g}-{max(values):.3g})" if len(values) > 1 else ""
  return f"{middle:.3g}{spread}{ratio}"


def _circumstances(settings: Settings, pairs: list[str]) -> dict:
  cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")), "unknown")
  tools = {"nginx": ["-v"], "nghttpd": ["--version"], "h2load": ["--version"], "wrk": ["-v"]}
  return {
    "settings": dataclasses.asdict(settings),
    "versions": {pair: subjects.subject(pair).version() for pair in pairs}
    | {tool: programs.version([programs.system(tool), *arguments]) for tool, arguments in tools.items()},
    "machine": {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(), "system": platform.platform(),
                "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")},
  }
