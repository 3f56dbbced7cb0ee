"""Builds across a lossy link: a project of thirty modules, by the real go command with nothing in its own cache.

`python -m interop.measures.module_builds [--profile loss5_200ms] [--repeats 3]` with QUICGW set prints two tables: how long a build
takes with what is usually put between the go command and a module proxy, whose TCP has bbr; and what ten edges that build the same
project twice each get across the link and from the origin, by where there are caches.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from ..clients.go_command import GoCommand
from ..lib import ports, programs
from ..lib.pair import Pair
from ..lib.process import Process
from ..origins.module_project import write_project, write_user
from ..origins.nginx import Nginx
from ..rig.world import World
from .module_cache import CachingNginx

EDGES, BUILDS = 10, 2


@dataclass
class Place:
  """A world, with a module proxy in the core's namespace."""

  world: World
  scratch: Path
  origin_port: int
  modules: dict[str, str]
  key: str
  made: int = 0

  @property
  def far_origin(self) -> str:
    return f"http://{self.world.core.address}:{self.origin_port}"

  def folder(self, name: str) -> Path:
    self.made += 1
    return self.scratch / f"{name}-{self.made}"

  def build(self, proxy: str) -> float:
    """Seconds."""
    go = GoCommand(self.folder("go"), proxy, sumdb=self.key).require(self.modules)
    write_user(go.folder, self.modules)
    # What is measured is how modules come, not how they are compiled.
    go.environment["GOCACHE"] = str(self.scratch / "compiled")
    began = time.monotonic()
    run = go.run("build", "-trimpath", ".", timeout=600)
    took = time.monotonic() - began
    if run.returncode:
      raise RuntimeError(f"go build by {proxy} failed: {run.stderr[-2000:]}")
    go.forget()
    return took

  def link_bytes(self) -> int:
    counters = self.world.counters()
    return counters.forward.bytes_delivered + counters.backward.bytes_delivered

  def origin_bytes(self) -> int:
    """What has crossed the core's loopback."""
    lines = self.world.core.run(["cat", "/proc/net/dev"]).stdout.splitlines()
    return int(next(line.split()[1] for line in lines if line.strip().startswith("lo:")))

  def pair(self, at: str = "", beside: Pair | None = None) -> Pair:
    """Not started. `at` says which ends have a cache; an edge may be one more of another pair's core."""
    lines = {f"{end}_lines": self._cache_lines(end) if end in at else [] for end in ("edge", "core")}
    lines["edge_lines"] = [*lines["edge_lines"], "default_service: origin"]
    plan = {"certificates": beside.plan.certificates, "core_port": beside.plan.core_port} if beside else {}
    return Pair(f"http://127.0.0.1:{self.origin_port}", world=self.world, **plan, **lines)

  def _cache_lines(self, end: str) -> list[str]:
    folder = self.folder(end)
    folder.mkdir()
    return ["modules:", "  services: [origin]", f"  folder: {folder}", f"  checksum_database: \"{self.key}\""]


@contextmanager
def place(profile: str, scratch: Path) -> Iterator[Place]:
  tree = scratch / "tree"
  tree.mkdir()
  modules, database = write_project(tree)
  with World(profile) as world, world.edge.enter():
    for end in (world.edge, world.core):
      end.tcp_congestion_control("bbr")
    nginx = Nginx(tree, scratch / "origin", host="0.0.0.0")
    with Process("origin", world.core.argv(nginx.command), scratch) as process:
      ports.wait_for_listener(process, nginx.port, transport="tcp")
      found = Place(world, scratch, nginx.port, modules, database.key)
      # Nothing of this crosses the link: from now on everything is compiled.
      found.build(tree.as_uri())
      yield found


# Ways from the go command to its modules: each gives a GOPROXY for as long as it is open.


@contextmanager
def alone(at: Place) -> Iterator[str]:
  yield at.far_origin


@contextmanager
def nginx_cache(at: Place) -> Iterator[str]:
  with CachingNginx(at.far_origin, at.folder("nginx")) as nginx:
    yield nginx.url


def gateway(caches: str) -> Callable[[Place], Iterator[str]]:
  @contextmanager
  def way(at: Place) -> Iterator[str]:
    with at.pair(caches) as pair:
      yield f"http://127.0.0.1:{pair.port}"

  return way


WAYS = {
  "the go command alone": alone, "nginx proxy_cache at the edge": nginx_cache, "quicgw without a cache": gateway(""),
  "quicgw, cache at the edge": gateway("edge"), "quicgw, caches at edge and core": gateway("edge core"),
}


def builds(at: Place, repeats: int) -> None:
  rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in WAYS}
  for _ in range(repeats):
    for name, way in WAYS.items():
      with way(at) as proxy:
        row: list[float] = []
        for _ in range(2):
          before = at.link_bytes()
          row += [at.build(proxy), (at.link_bytes() - before) / 1e6]
      rows[name].append(tuple(row))
      print(name, *(f"{value:.2f}" for value in row), file=sys.stderr, flush=True)
  print("| | first build, s | on the link, MB | second build, s | on the link, MB |\n|---|---|---|---|---|")
  for name, found in rows.items():
    cells = [f"{statistics.median(column):.1f} ({min(column):.1f}-{max(column):.1f})" for column in zip(*found)]
    print(f"| {name} | {' | '.join(cells)} |")


def fleet(at: Place) -> None:
  print(f"\n| {EDGES} edges, {BUILDS} builds each | on the link, MB | from the origin, MB |\n|---|---|---|")
  for caches in ("", "core", "edge", "edge core"):
    with ExitStack() as stack:
      first = stack.enter_context(at.pair(caches))
      edges = [first]
      for _ in range(EDGES - 1):
        other = at.pair(caches, beside=first)
        stack.callback(other.stop)
        other.start_edge()
        edges.append(other)
      for edge in edges:
        edge.wait_until_linked()
      before = at.link_bytes(), at.origin_bytes()
      failures: list[BaseException] = []
      threads = [threading.Thread(target=_build, args=(at, edge.port, failures)) for edge in edges]
      for thread in threads:
        thread.start()
      for thread in threads:
        thread.join()
      if failures:
        raise failures[0]
      link, origin = ((after - then) / 1e6 for after, then in zip((at.link_bytes(), at.origin_bytes()), before))
    print(f"| caches: {caches or 'none'} | {link:.0f} | {origin:.0f} |", flush=True)


def _build(at: Place, port: int, failures: list[BaseException]) -> None:
  try:
    for _ in range(BUILDS):
      at.build(f"http://127.0.0.1:{port}")
  except BaseException as failure:  # noqa: BLE001, the thread that waits for this one raises it
    failures.append(failure)


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--profile", default="loss5_200ms")
  parser.add_argument("--repeats", type=int, default=3)
  parser.add_argument("--without-fleet", action="store_true")
  options = parser.parse_args()
  programs.go()
  with tempfile.TemporaryDirectory(prefix="interop-builds-") as name, place(options.profile, Path(name)) as at:
    print(f"{at.world}; {len(list((Path(name) / 'tree').rglob('*.zip')))} modules", file=sys.stderr)
    builds(at, options.repeats)
    if not options.without_fleet:
      fleet(at)


if __name__ == "__main__":
  main()
