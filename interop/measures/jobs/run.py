"""Starts the jobs of a measure, at once or in turns, and says how far they are."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

from ...lib import programs
from ...lib.process import Process
from .. import Settings
from .progress import Progress, line

EVERY_S = 10.0


def fresh(folder: Path) -> Path:
  """The folder, if nothing is in it; FileExistsError with a sentence if something is, for old files would become figures of a new run."""
  if folder.exists() and any(folder.iterdir()):
    raise FileExistsError(f"{folder} is not empty: its files would be taken for this run's; choose another --name or remove it")
  return folder


def run(measure: str, profile: str, subjects: list[str], settings: Settings, folder: Path, *, at_once: bool) -> list[str]:
  """Runs every subject's job, all at once in a world each or one after the other; the subjects whose job failed.

  Results are in FOLDER/measure/profile, which must be fresh; what a job printed is beside them as SUBJECT.log.
  """
  results = fresh(folder / measure / profile)
  results.mkdir(parents=True, exist_ok=True)
  failed: list[str] = []
  groups = [subjects] if at_once else [[subject] for subject in subjects]
  for place, group in enumerate(groups):
    jobs = {subject: _start(measure, profile, subject, settings, results) for subject in group}
    try:
      failed += _wait(jobs, f"{measure} {profile}", results, len(groups) - place - 1)
    finally:
      for job in jobs.values():
        job.stop(15)
  return failed


def _start(measure: str, profile: str, subject: str, settings: Settings, results: Path) -> Process:
  order = results / f"{subject}.order.json"
  progress = _progress_file(results, subject)
  progress.unlink(missing_ok=True)
  order.write_text(json.dumps({
    "measure": measure, "profile": profile, "subject": subject, "settings": dataclasses.asdict(settings), "results": str(results),
    "progress": str(progress)}, indent=2) + "\n")
  return Process(subject, [sys.executable, "-m", "interop.measures.jobs.job", order], results, env={"PYTHONPATH": str(programs.REPOSITORY)})


def _progress_file(results: Path, subject: str) -> Path:
  return results / f"{subject}.progress"


def _wait(jobs: dict[str, Process], what: str, results: Path, waiting: int) -> list[str]:
  """Until all have ended; says every few seconds how far they are."""
  said, before = 0.0, ""
  while True:
    running = [subject for subject, job in jobs.items() if job.running]
    now = time.monotonic()
    if now - said >= EVERY_S or not running:
      text = line({subject: Progress.read(_progress_file(results, subject)) for subject in running}, now, waiting) if running else "done"
      if text != before:
        print(f"{what}: {text}", file=sys.stderr, flush=True)
      said, before = now, text
    if not running:
      break
    time.sleep(0.5)
  failed = [subject for subject, job in jobs.items() if job.status]
  for subject in failed:
    print(f"{what} {subject} failed: {jobs[subject].tail(3)}\n  (all of it in {jobs[subject].log})", file=sys.stderr)
  for subject in jobs:
    (results / f"{subject}.order.json").unlink()
    _progress_file(results, subject).unlink(missing_ok=True)
  return failed
