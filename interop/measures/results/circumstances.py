"""All that a figure depends on besides its subject: settings, versions, the machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import subprocess
import time
from pathlib import Path

from ... import subjects
from ...lib import programs
from ...loads.channel import KEEP_ALIVE, RECONNECTION
from .. import Settings
from . import OWN

FILE = "settings.json"
LIVENESS = "liveness of the link"
TOOLS = {"nginx": ["-v"], "nghttpd": ["--version"], "h2load": ["--version"], "wrk": ["-v"]}


def circumstances(settings: Settings, chosen: list[str], profiles: list[str]) -> dict:
  """As plain values."""
  return {
    "begun": time.strftime("%Y-%m-%d %H:%M:%S %z"),
    "settings": dataclasses.asdict(settings) | {"profiles": profiles},
    "versions": {name: subjects.subject(name).version() for name in chosen}
    | {tool: programs.version([programs.system(tool), *arguments]) for tool, arguments in TOOLS.items()}
    | {"commit": _commit()} | _binaries(chosen)
    | {package: _package_version(package) for package in ("grpcio", "numpy")} | {"python": platform.python_version()},
    LIVENESS: {name: subjects.subject(name).LIVENESS for name in chosen},
    "callers": {"channel": RECONNECTION, "channel across the link": RECONNECTION | KEEP_ALIVE},
    "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "kernel": platform.release(), "system": platform.platform(),
                "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")},
  }


def write_circumstances(folder: Path, found: dict) -> None:
  """FOLDER/settings.json."""
  (folder / FILE).write_text(json.dumps(found, indent=2) + "\n")


def _commit() -> str:
  """The repository's commit, and whether its files differ from it."""
  def git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(programs.REPOSITORY), *words], capture_output=True, text=True, timeout=20).stdout.strip()

  commit = git("rev-parse", "--short=12", "HEAD") or "unknown"
  return f"{commit}, changed" if git("status", "--porcelain", "--untracked-files=no") else commit


def _binaries(chosen: list[str]) -> dict[str, str]:
  """SHA-256 of what was built here: the commit alone does not say which program was measured."""
  found = {OWN: programs.quicgw()} if OWN in chosen else {}
  # Where the kernel makes the link, the program for it need not be there.
  if programs.have_quicgw_link():
    found["quicgw-link"] = programs.quicgw_link()
  return {f"{name} SHA-256": hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}


def _cpu() -> str:
  lines = Path("/proc/cpuinfo").read_text().splitlines()
  return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _package_version(name: str) -> str:
  from importlib import metadata

  return metadata.version(name)
