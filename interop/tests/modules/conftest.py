"""Pairs with module caches, between the go command and an origin that a test plays."""

from __future__ import annotations

import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import pytest

from interop.clients.go_command import GoCommand
from interop.lib.pair import Pair
from interop.lib.relays import DatagramRelay
from interop.lib.waiting import wait_until
from interop.origins.module_host import ChecksumDatabase, ModuleHost
from interop.origins.module_tree import write_tree
from interop.tests.conftest import SUBJECT


@dataclass
class ModuleWorld:
  """An origin, a core and an edge, with a cache at each of the two that is named."""

  scratch: Path
  host: ModuleHost
  modules: dict[str, str]
  pair: Pair
  edge_folder: Path
  core_folder: Path
  clients: int = 0

  @property
  def proxy(self) -> str:
    return f"http://127.0.0.1:{self.pair.port}"

  def go(self, **options: object) -> GoCommand:
    self.clients += 1
    return GoCommand(self.scratch / f"go-{self.clients}", self.proxy, **options)

  def get(self, path: str, headers: dict[str, str] | None = None):
    return urllib.request.urlopen(urllib.request.Request(self.proxy + path, headers=headers or {}), timeout=60)

  def wait_until_kept(self) -> None:
    """A client has the whole of a file when it was checked; on disk for good it is a moment later."""
    files = [self.edge_folder / "origin" / path for path in self._zips()]
    wait_until(lambda: all(file.exists() for file in files), 20, "the edge's cache has not kept every zip")

  def _zips(self) -> list[str]:
    escaped = {module: re.sub("[A-Z]", lambda letter: f"!{letter.group().lower()}", module) for module in self.modules}
    return [f"{escaped[module]}/@v/{version}.zip" for module, version in self.modules.items()]

  def count(self, name: str, at: str = "edge") -> int:
    """A counter of /metrics, with its labels."""
    port = self.pair.plan.edge_admin_port if at == "edge" else self.pair.plan.core_admin_port
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    found = re.search(rf"^{re.escape(name)} (\d+)", page, re.MULTILINE)
    return int(found.group(1)) if found else 0


def cache_lines(folder: Path, **settings: str) -> list[str]:
  lines = ["modules:", "  services: [origin]", f"  folder: {folder}"]
  return [*lines, *(f"  {key}: {value}" for key, value in settings.items())]


@pytest.fixture(scope="session")
def module_tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
  tree = tmp_path_factory.mktemp("modules")
  return tree, write_tree(tree)


@pytest.fixture
def module_world(tmp_path: Path, module_tree: tuple[Path, dict[str, str]]) -> Iterator[Callable[..., ModuleWorld]]:
  """Makes worlds, with their datagrams `through` a relay if there is one. `at` says who has a cache; further settings are those of `modules`."""
  made: list[Pair | ModuleHost] = []

  def make(*, at: str = "edge core", database: bool = False, through: DatagramRelay | None = None, edge_folder: Path | None = None,
           tree: Path | None = None, **settings: str) -> ModuleWorld:
    tree, modules = (tree, {}) if tree else module_tree
    host = ModuleHost(tree, ChecksumDatabase(tree) if database else None).__enter__()
    made.append(host)
    scratch = tmp_path / f"world-{len(made)}"
    scratch.mkdir()
    folders = {end: (edge_folder if end == "edge" and edge_folder else scratch / f"{end}-cache") for end in ("edge", "core")}
    for folder in folders.values():
      folder.mkdir(exist_ok=True)
    settings = {"checksum_database": f'"{host.database.key}"' if host.database else "off", **settings}
    lines = {f"{end}_lines": cache_lines(folder, **settings) if end in at else [] for end, folder in folders.items()}
    edge_lines = [*lines["edge_lines"], "default_service: origin"]
    plan = {"upstream_port": through.port, "core_port": through.core[1]} if through else {}
    pair = Pair(host.url, subject=SUBJECT, admin=True, core_lines=lines["core_lines"], edge_lines=edge_lines, **plan)
    made.append(pair)
    pair.start(linked=False)
    return ModuleWorld(scratch, host, modules, pair, folders["edge"], folders["core"])

  yield make
  end(made)


def end(made: list[Pair | ModuleHost]) -> None:
  """Ends what a fixture has made, the last first."""
  for each in reversed(made):
    if isinstance(each, Pair):
      each.report()
      each.stop()
    else:
      each.__exit__()
