"""A program that is running: its output kept in a file, its end certain."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Mapping, Sequence

from . import accounts


class Died(AssertionError):
  """A process ended that should have run on; the message ends with its last lines."""


class Process:
  """One child process in a process group of its own.

  The kernel kills it when this process ends, however that happens; `stop` and the end of a `with` block kill its whole group.
  """

  def __init__(self, name: str, argv: Sequence[str | Path], folder: Path, *, env: Mapping[str, str] | None = None) -> None:
    """Starts the program with stdout and stderr in FOLDER/NAME.log."""
    self.name = name
    self.argv = [str(part) for part in argv]
    self.log = folder / f"{name}.log"
    with self.log.open("ab") as log:
      self._child = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *self.argv],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder,
        env={**os.environ, **(env or {})}, start_new_session=True)

  @property
  def pid(self) -> int:
    return self._child.pid

  @property
  def running(self) -> bool:
    return self._child.poll() is None

  @property
  def status(self) -> int | None:
    """The exit status, negative for a signal; None while it runs."""
    return self._child.poll()

  def check(self) -> None:
    """Raises Died if the process has ended."""
    if not self.running:
      raise Died(f"{self.name} ended with {self.status}: {' '.join(self.argv)}\n{self.tail()}")

  def signal(self, number: int) -> None:
    """Sends a signal to the process itself."""
    self._child.send_signal(number)

  def wait(self, limit: float) -> int:
    """The exit status; raises subprocess.TimeoutExpired after `limit` seconds."""
    return self._child.wait(limit)

  def stop(self, limit: float = 5) -> int:
    """SIGTERM, and SIGKILL to the whole group for what is left after `limit` seconds."""
    if self.running:
      self._child.terminate()
      try:
        self._child.wait(limit)
      except subprocess.TimeoutExpired:
        pass
    return self.kill()

  def kill(self) -> int:
    """SIGKILL to the whole group, at once."""
    try:
      os.killpg(self.pid, signal.SIGKILL)
    except ProcessLookupError:
      pass
    return self._child.wait(10)

  def cpu_seconds(self) -> float:
    """User and system time so far, its children's included."""
    return accounts.cpu_seconds(self.pid)

  def resident_bytes(self) -> int:
    """Resident memory now, its children's included."""
    return accounts.resident_bytes(self.pid)

  def tail(self, lines: int = 30) -> str:
    """The last lines of its output."""
    return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

  def __enter__(self) -> Process:
    return self

  def __exit__(self, *_: object) -> None:
    self.stop()
