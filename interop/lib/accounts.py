"""What processes have cost, read from /proc: CPU time and resident memory of a process and its descendants."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Memory:
  """Resident memory in bytes: all of it, and the part that no file backs."""

  resident: int
  anonymous: int


def tree(pid: int) -> list[int]:
  """The process and all that descend from it."""
  children: dict[int, list[int]] = {}
  for entry in Path("/proc").iterdir():
    if entry.name.isdigit():
      try:
        parent = int(_stat(int(entry.name))[1])
      except (OSError, IndexError):
        continue
      children.setdefault(parent, []).append(int(entry.name))
  found, waiting = [], [pid]
  while waiting:
    each = waiting.pop()
    found.append(each)
    waiting += children.get(each, [])
  return found


def cpu_seconds(pid: int) -> float:
  """User and system time of the tree, and of children that have ended and were waited for."""
  ticks = 0
  for each in tree(pid):
    try:
      ticks += sum(int(value) for value in _stat(each)[11:15])
    except OSError:
      continue
  return ticks / TICKS_PER_SECOND


def memory(pid: int) -> Memory:
  """Resident memory of the tree."""
  resident = anonymous = 0
  for each in tree(pid):
    try:
      lines = Path(f"/proc/{each}/status").read_text().splitlines()
    except OSError:
      continue
    for line in lines:
      if line.startswith("VmRSS:"):
        resident += int(line.split()[1]) * 1024
      elif line.startswith("RssAnon:"):
        anonymous += int(line.split()[1]) * 1024
  return Memory(resident, anonymous)


def resident_bytes(pid: int) -> int:
  """Resident memory of the tree in bytes."""
  return memory(pid).resident


def total_cpu(pids: Iterable[int]) -> float:
  """CPU seconds of several trees together."""
  return sum(cpu_seconds(pid) for pid in pids)


def _stat(pid: int) -> list[str]:
  """The fields of /proc/PID/stat after the name, which may hold spaces and brackets."""
  return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
