"""Moving: what becomes of a download when a NAT rebinds the edge's port or address, or the edge gets another address of its own.

Subjects are measured at the same time, each in a world of its own.
"""

from __future__ import annotations

from ...rig.profiles import Profile


def at_once(profile: Profile, subjects: int) -> bool:
  """Always, as with recovery: what is timed are pauses, which are long beside what busy processors cost."""
  return True
