"""Several origins behind one service, by GOPROXY's rules, and origins that keep their files elsewhere."""

from __future__ import annotations

import http.client
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import pytest

from interop.clients.go_command import GoCommand
from interop.lib import ports
from interop.lib.pair import Pair
from interop.lib.waiting import wait_until
from interop.origins.module_host import ModuleHost
from interop.tests.conftest import SUBJECT
from interop.tests.modules.conftest import cache_lines, end

pytestmark = pytest.mark.quicgw
LARGE = "/example.test/large/@v/v1.2.3.zip"
SMALL = "/example.test/small/@v/v1.2.3.zip"


@dataclass
class Sources:
  """Two hosts with half of the modules each, both behind the service `origin`."""

  first: ModuleHost
  second: ModuleHost
  pair: Pair
  folder: Path

  def get(self, path: str) -> tuple[int, bytes, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", self.pair.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers.get("Location")


@pytest.fixture
def sources(tmp_path: Path, module_tree) -> Iterator[Callable[..., Sources]]:
  """Makes them. `at` has the cache and the list of sources; `first_url` stands in place of the first host's."""
  made: list[Pair | ModuleHost] = []

  def make(at: str = "core", first_url: str | None = None, **settings: str) -> Sources:
    hosts = []
    for name, kept in (("first", ("small", "!upper")), ("second", ("medium", "nested", "large", "another", "tool"))):
      tree = tmp_path / name
      shutil.copytree(module_tree[0], tree)
      for module in (tree / "example.test").iterdir():
        if module.name not in kept:
          shutil.rmtree(module)
      hosts.append(ModuleHost(tree).__enter__())
    made.extend(hosts)
    cache = tmp_path / "cache"
    cache.mkdir()
    lines = cache_lines(cache, checksum_database="off", **{"sources": "origin,other", **settings})
    edge_lines = ["default_service: origin", *(lines if at == "edge" else [])]
    pair = Pair({"origin": first_url or hosts[0].url, "other": hosts[1].url}, subject=SUBJECT, edge_lines=edge_lines,
                core_lines=lines if at == "core" else [])
    made.append(pair)
    pair.start(linked=False)
    return Sources(*hosts, pair, tmp_path)

  yield make
  end(made)


@pytest.mark.parametrize("at", ["core", "edge"])
def test_each_module_comes_from_who_has_it(sources, module_tree, at):
  world = sources(at)
  for number in range(2):
    go = GoCommand(world.folder / f"go-{number}", f"http://127.0.0.1:{world.pair.port}").require(module_tree[1])
    run = go.run("mod", "download")
    assert run.returncode == 0, run.stdout + run.stderr
  assert world.first.asked[SMALL] == 1 and world.second.asked[SMALL] == 0
  assert world.second.asked[LARGE] == 1
  assert world.get("/example.test/nowhere/@v/list")[0] == 404


@pytest.mark.parametrize("at", ["core", "edge"])
def test_a_public_source_never_hears_of_private_modules(sources, at):
  world = sources(at, private="[example.test]", public="[other]")
  assert world.get(SMALL)[0] == 200
  assert world.get(LARGE)[0] == 404
  assert world.get("/sumdb/sum.golang.org/lookup/example.test/large@v1.2.3")[0] == 403
  assert not world.second.asked, world.second.asked


def test_a_source_that_is_down(sources, module_tree):
  down = f"http://127.0.0.1:{ports.free_port()}"
  world = sources(first_url=down, sources='"origin|other"')
  status, body, _ = world.get(LARGE)
  assert (status, body) == (200, (module_tree[0] / LARGE.lstrip("/")).read_bytes())


def test_redirects(sources, module_tree):
  """To where the configuration says and nowhere else, also for the rest of what broke off."""
  port = ports.free_port()
  world = sources(redirect_hosts=f'["127.0.0.1:{port}"]')
  with ModuleHost(module_tree[0], port=port) as elsewhere:
    for path in (LARGE, SMALL):
      world.first.redirects[path] = f"{elsewhere.url}{path}"
    elsewhere.break_after[LARGE] = [5_000_000]
    for path in (LARGE, SMALL):
      status, body, _ = world.get(path)
      assert (status, body) == (200, (module_tree[0] / path.lstrip("/")).read_bytes())
    assert elsewhere.resumed[LARGE] == 1
    assert not world.second.asked
  evil = "http://127.0.0.1:9/example.test/small/@v/list"
  world.first.redirects["/example.test/small/@v/list"] = evil
  assert world.get("/example.test/small/@v/list")[::2] == (302, evil)


def test_a_base_path_that_a_reload_changes(sources, module_tree):
  world = sources(sources="origin")
  tree = world.folder / "first"
  (tree / "go").symlink_to(tree)
  core = world.pair.core
  for number, base in enumerate(("", "/go", "")):
    world.pair.plan.services["origin"] = world.first.url + base
    world.pair.core_command()
    seen = core.log.read_text().count("reloaded ")
    core.signal(signal.SIGHUP)
    wait_until(lambda: core.log.read_text().count("reloaded ") > seen, 10, "the core has not reloaded", unless=core.check)
    assert world.get(SMALL)[:2] == (200, (module_tree[0] / SMALL.lstrip("/")).read_bytes())
    # What was fetched under another base path is the same thing.
    info = SMALL.replace(".zip", (".info", ".mod", ".mod")[number])
    assert world.get(info)[0] == 200
  assert world.first.asked == {SMALL: 1, SMALL.replace(".zip", ".info"): 1, "/go" + SMALL.replace(".zip", ".mod"): 1}
