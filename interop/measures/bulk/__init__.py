"""Bulk across a link: a 20 MB module zip and a gigabyte, when their bytes came, and small calls beside them."""

from __future__ import annotations

from ...rig.profiles import Profile

EASY_MBIT = 200
"""What a small machine carries without its processors becoming what is measured, all subjects together."""


def at_once(profile: Profile, subjects: int) -> bool:
  """Only where the link itself keeps the transfers from taking whole processors; else subjects take turns."""
  return profile.backward.rate_mbit is not None and profile.backward.rate_mbit * subjects <= EASY_MBIT
