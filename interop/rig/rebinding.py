"""A NAT that forgets by itself, again and again."""

from __future__ import annotations

import threading
import time
from typing import Callable

from .conditions import Rebind


class Rebinding:
  """Calls `forget` at the times that a profile asks for, until it is stopped."""

  def __init__(self, rebind: Rebind, forget: Callable[[], None]) -> None:
    self._rebind, self._forget = rebind, forget
    self._stopped = threading.Event()
    self._failure: Exception | None = None
    self._thread = threading.Thread(target=self._run, name="rebinding", daemon=True)
    self._thread.start()

  def stop(self) -> None:
    """Ends it; raises what went wrong in its thread."""
    self._stopped.set()
    self._thread.join()
    if self._failure:
      raise self._failure

  def _run(self) -> None:
    # Reckoned from the begin, so that the time a change takes does not add up. What a stopped machine missed is left out:
    # two changes at once are none of the profile's.
    due = time.monotonic() + self._rebind.first_s
    while not self._stopped.wait(max(0, due - time.monotonic())):
      try:
        self._forget()
      except Exception as error:  # noqa: BLE001, told to whoever stops this
        self._failure = error
        return
      while due <= time.monotonic():
        due += self._rebind.every_s
