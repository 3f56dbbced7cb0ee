"""User-mode Linux: a Linux kernel as a process, with this machine's files, and one module of this package as its first program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Sequence

from ...lib import programs
from ...lib.process import Died
from ..namespaces import Namespace

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MEMORY = "256M"
BOOT_LIMIT = 60


class Machine:
  """Boots and answers: its program reads and writes a JSON object a line on the console. It sees all files and writes none of them."""

  def __init__(self, program: str, folder: Path, *, namespace: Namespace | None = None, taps: Sequence[str] = ()) -> None:
    """Starts it; returns when the program is ready.

    program -- a module that ends in `inside.serve`.
    taps -- names of devices that it makes in the namespace; they are vec0, vec1, … inside.
    """
    self._log = folder / "machine.log"
    devices = [f"vec{number}:transport=tap,ifname={name},depth=128,gro=0" for number, name in enumerate(taps)]
    argv = [
      programs.system("linux.uml"), f"mem={MEMORY}", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", "con=null", "con0=fd:0,fd:1",
      f"uml_dir={folder}", *devices, f"init={sys.executable}", f"PYTHONPATH={programs.REPOSITORY}", f"PATH={PATH}", "--", "-m", program]
    argv = namespace.argv(argv) if namespace else [str(part) for part in argv]
    self._child = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
      bufsize=1, cwd=folder, start_new_session=True)
    self._lock = threading.Lock()
    self._answer(BOOT_LIMIT)

  def ask(self, limit: float = 60, **command: object) -> dict:
    """Sends a command; its answer. Died when there is none in time."""
    with self._lock:
      self._child.stdin.write(json.dumps(command) + "\n")
      return self._answer(limit)

  def stop(self) -> None:
    self._kill()
    self._child.wait(10)
    self._child.stdin.close()
    self._child.stdout.close()

  def _kill(self) -> None:
    try:
      os.killpg(self._child.pid, signal.SIGKILL)
    except ProcessLookupError:  # It has ended by itself.
      pass

  def _answer(self, limit: float) -> dict:
    # Reading blocks; the end of the process ends it.
    alarm = threading.Timer(limit, self._kill)
    alarm.start()
    try:
      for line in self._child.stdout:
        if line.startswith("{"):
          answer = json.loads(line)
          if "error" in answer:
            raise Died(f"the program in user-mode Linux failed: {answer['error']}\n{self.tail()}")
          return answer
        with self._log.open("a") as log:
          log.write(line)
    finally:
      alarm.cancel()
    raise Died(f"user-mode Linux ended or did not answer within {limit:g} s:\n{self.tail()}")

  def tail(self, lines: int = 30) -> str:
    return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:]) if self._log.exists() else "it said nothing"
