"""What the first program of a user-mode Linux has to do before anything else, and how it talks to the host."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import termios
import traceback
import tty
from pathlib import Path
from typing import Callable

MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run"), ("tmpfs", "/tmp"))
MODULES = ("sch_netem", "sch_tbf", "veth", "bridge", "nf_tables", "nft_numgen", "nft_ct", "nft_objref")
FINIT_MODULE = 313
"""The number of that system call on x86-64, the one machine that user-mode Linux is."""
EEXIST = 17


def serve(answer: Callable[[dict], dict]) -> None:
  """Prepares the machine, says that it is ready, and answers commands until the host ends it."""
  # The console is a terminal: as it comes, it would echo every command.
  tty.setraw(sys.stdin.fileno(), termios.TCSANOW)
  try:
    for kind, place in MOUNTS:
      subprocess.run(["mount", "-t", kind, kind, place], check=True)
    load_modules(MODULES)
    _say({})
    for line in sys.stdin:
      _say(answer(json.loads(line)))
  except Exception:  # noqa: BLE001, the host says it
    _say({"error": traceback.format_exc()})
  # A kernel whose first program ends stops with a panic; the host ends it instead.
  while True:
    signal.pause()


def load_modules(names: tuple[str, ...]) -> None:
  """Loads kernel modules with what they need. There is no modprobe in the machine's path that would look where Debian puts these."""
  folder = Path("/usr/lib/uml/modules", os.uname().release)
  needs = {}
  for line in (folder / "modules.dep").read_text().splitlines():
    path, _, others = line.partition(":")
    needs[Path(path).stem.replace("-", "_")] = [*reversed(others.split()), path]
  libc = ctypes.CDLL(None, use_errno=True)
  for name in names:
    for path in needs[name]:
      with (folder / path).open("rb") as file:
        if libc.syscall(FINIT_MODULE, file.fileno(), b"", 0) and ctypes.get_errno() != EEXIST:
          raise OSError(ctypes.get_errno(), f"cannot load {path}: {os.strerror(ctypes.get_errno())}")


def _say(answer: dict) -> None:
  print(json.dumps(answer), flush=True)
