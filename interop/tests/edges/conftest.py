"""Clients in the cloud, whose requests a core passes on to edges."""

from __future__ import annotations

from typing import Callable, Iterator

import pytest

from interop.lib.cloud import Cloud


@pytest.fixture
def new_cloud() -> Iterator[Callable[..., Cloud]]:
  """Makes and starts cores that a test may break."""
  yield from clouds()


@pytest.fixture(scope="module")
def module_cloud() -> Iterator[Callable[..., Cloud]]:
  """The same for a whole file."""
  yield from clouds()


def clouds() -> Iterator[Callable[..., Cloud]]:
  made: list[Cloud] = []

  def make(listeners: dict[str, dict[str, object]], **core: object) -> Cloud:
    made.append(Cloud(listeners, **core))
    return made[-1].start()

  yield make
  for cloud in made:
    cloud.report()
    cloud.stop()
