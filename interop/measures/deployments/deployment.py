"""What all subjects have in common when they stand."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...loads.target import Target


class HarnessFailed(Exception):
  """Something failed that is no part of the subject: the origin, the link, this program."""


class Deployment(ABC):
  """A subject and its origin, running; the end of the `with` block ends them."""

  @property
  @abstractmethod
  def calls(self) -> Target:
    """Where calls go."""

  @property
  @abstractmethod
  def downloads(self) -> Target:
    """Where files are asked for, over HTTP/1.1."""

  @abstractmethod
  def restart_core(self) -> None:
    """Kills what ends the connection at the far end, a gateway or the origin itself, and starts it again; returns when it listens."""

  @abstractmethod
  def check(self) -> None:
    """Raises if a process has ended that should run: Died if it is the subject's, HarnessFailed if it is not."""

  @abstractmethod
  def stop(self) -> None:
    """Ends everything."""

  def __enter__(self) -> Deployment:
    return self

  def __exit__(self, *_: object) -> None:
    self.stop()
