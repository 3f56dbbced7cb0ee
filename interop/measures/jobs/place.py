"""Where a job measures: its subject, its world, its folders, and whom it tells how far it is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from ...rig.world import World
from .. import Settings
from ..deployments import Deployment, Kind, deploy


@dataclass
class Place:
  """Everything that one subject's job of a measure needs."""

  subject: str
  world: World
  settings: Settings
  results: Path
  """The folder of this measure and profile, shared with the other subjects' jobs: files in it carry the subject's name."""
  scratch: Path
  progress: Path
  """Where each line says how much is done."""
  notes: dict[str, object] = field(default_factory=dict)
  """What of the circumstances a reader should know, such as how late the callers themselves were."""

  failures: int = 0
  """Parts that could not be measured; the job goes on after them, and ends as failed."""

  def deploy(self, kind: Kind, *, files: Path | None = None) -> Deployment:
    """The subject, running before an origin of a kind."""
    return deploy(self.subject, self.world, kind, self.scratch, self.settings, files=files)

  def tell(self, share: float, about: str) -> None:
    """Says that a share of the job is done and what it is about now."""
    with self.progress.open("a") as file:
      file.write(json.dumps({"at": time.monotonic(), "share": share, "about": about}) + "\n")
