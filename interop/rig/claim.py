"""Which world belongs to whom: an index is claimed by a lock, which ends with the process however that ends."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from . import namespaces
from .addresses import FOLDER, INDICES, Addresses


class WorldImpossible(Exception):
  """No world can be made here; the message says why and what to do."""


class WorldInUse(WorldImpossible):
  """A living process has this world."""


class Claim:
  """One index, held until `release` or the end of the process."""

  def __init__(self, index: int | None = None) -> None:
    """Takes this index, or the lowest that is free."""
    if os.geteuid() != 0:
      raise WorldImpossible("a world needs network namespaces: run this as root")
    FOLDER.mkdir(exist_ok=True)
    for each in INDICES if index is None else [index]:
      self.addresses = Addresses(each)
      self._lock = Path(FOLDER, f"{each}.lock").open("a+")
      try:
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
      except BlockingIOError:
        self._lock.seek(0)
        owner = self._lock.read().strip()
        self._lock.close()
        continue
      self._lock.truncate(0)
      self._lock.write(f"{os.getpid()}\n")
      self._lock.flush()
      return
    if index is None:
      raise WorldImpossible(f"all {len(INDICES)} worlds are in use: end some of the processes that {FOLDER} names")
    raise WorldInUse(f"world {index} is in use by process {owner or 'unknown'}")

  def release(self) -> None:
    self._lock.close()

  def remove_leftovers(self) -> list[str]:
    """Removes what a crashed run of this index left behind: namespaces with the processes in them, folders; their names."""
    found = namespaces.named(self.addresses.prefix)
    for each in found:
      namespaces.remove(each)
    folders = list(FOLDER.glob(f"{self.addresses.prefix}*"))
    for each in folders:
      shutil.rmtree(each)
    return [*(each.name for each in found), *map(str, folders)]
