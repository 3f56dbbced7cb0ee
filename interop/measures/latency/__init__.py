"""Latency of small gRPC calls across a link: closed loops of 1, 8 and 64 callers and an open loop, messages of 100 bytes and of 1 KiB.

On a long link subjects are measured at the same time, each in a world of its own: waiting is what callers do most then, which their own
lateness shows for each cell. The cells with most callers take turns all the same.
"""

from __future__ import annotations

from ...rig.profiles import Profile

LONG_MS = 50
"""Round trips from which on so few calls are made in a second that two processors carry all subjects together."""


def at_once(profile: Profile, subjects: int) -> bool:
  """Only on a long link: on a short one a closed loop is as fast as the processors."""
  return profile.forward.delay_ms + profile.backward.delay_ms >= LONG_MS
