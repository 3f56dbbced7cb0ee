"""Worlds for tests. They need root and network namespaces: without them every test here fails, unless QUICGW_WITHOUT_NAMESPACES=1."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from interop.lib import ports, programs
from interop.lib.process import Process
from interop.rig.world import World, WorldImpossible
from interop.tests.rig.datagrams import Sight

WITHOUT = "QUICGW_WITHOUT_NAMESPACES"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
  for item in items:
    if "/tests/rig/" in str(item.path) and "namespaces" not in item.keywords:
      item.add_marker(pytest.mark.namespaces)


@pytest.fixture(scope="session", autouse=True)
def _namespaces_are_allowed() -> None:
  if not (reason := _what_is_missing()):
    return
  if os.environ.get(WITHOUT) == "1":
    pytest.skip(f"{WITHOUT} is set, and {reason}")
  pytest.fail(f"the rig is not tested here: {reason}; {WITHOUT}=1 leaves its tests out", pytrace=False)


def _what_is_missing() -> str | None:
  try:
    with World("none"):
      return None
  except WorldImpossible as error:
    return str(error)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
  """One world for a file; each test gets it without impairment."""
  with World("none") as world:
    yield world


@pytest.fixture(scope="module")
def services(world: World) -> Iterator[dict[str, str]]:
  """The HTTP origin and grpcio's, in the core's namespace."""
  with tempfile.TemporaryDirectory(prefix="interop-origins-") as folder:
    urls, running = {}, []
    for kind, scheme in (("pages", "http"), ("calls", "h2c")):
      port = ports.free_port()
      argv = ["env", f"PYTHONPATH={programs.REPOSITORY}", sys.executable, "-m", "interop.origins", kind, str(port)]
      running.append(Process(kind, world.core.argv(argv), Path(folder)))
      ports.wait_for_listener(running[-1], port, transport="tcp")
      urls[kind] = f"{scheme}://127.0.0.1:{port}"
    yield urls
    for each in running:
      each.stop()


@pytest.fixture(autouse=True)
def _calm(request: pytest.FixtureRequest) -> None:
  if "world" in request.fixturenames:
    world = request.getfixturevalue("world")
    world.up()
    world.change("none")


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def sight(request: pytest.FixtureRequest, world: World) -> Iterator[Sight]:
  """A flow of datagrams from the edge to a socket in the core that says whom it saw."""
  with Sight(world, request.param) as sight:
    yield sight
