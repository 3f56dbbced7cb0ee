"""A subject as it stands on a link, with its origin: what callers call, and what can be restarted."""

from __future__ import annotations

from pathlib import Path

from ... import subjects
from ...rig.world import World
from .. import Settings
from .deployment import Deployment, HarnessFailed
from .direct import Direct
from .gateways import Gateways
from .origins import Kind

__all__ = ["Deployment", "Gateways", "HarnessFailed", "Kind", "congestion", "deploy"]


def deploy(subject: str, world: World, kind: Kind, scratch: Path, settings: Settings, *, files: Path | None = None) -> Deployment:
  """Starts a subject before an origin of a kind and returns when a call crosses; `files` is what downloads are served from."""
  folder = scratch / f"{len(list(scratch.iterdir()))}-{subject}"
  folder.mkdir()
  shape = Gateways if subject in subjects.gateways() else Direct
  return shape(subject, world, kind, folder, files, settings)


def congestion(subject: str, settings: Settings) -> str | None:
  """The kernel's congestion control for what the subject sends over TCP on the link; None where it sends nothing so."""
  module = subjects.subject(subject)
  if module.LINK == "h3":
    return None
  return getattr(module, "CONGESTION", settings.congestion)
