"""The real go command with caches cold, warm, stale and alone."""

from __future__ import annotations

import hashlib
import subprocess
import time

import pytest

from interop.lib import programs
from interop.origins.module_tree import TOOL, files as module_tree_files, write_toolchain

pytestmark = pytest.mark.quicgw


def sums(module_tree, modules) -> dict[str, str]:
  return {name: hashlib.sha256((module_tree[0] / escaped(name) / "@v" / f"{version}.zip").read_bytes()).hexdigest()
          for name, version in modules.items()}


def escaped(module: str) -> str:
  return "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in module)


def zip_path(module: str) -> str:
  return f"/{escaped(module)}/@v/v1.2.3.zip"


def downloaded(go, modules) -> dict[str, str]:
  return {name: hashlib.sha256(go.zip(name, version)).hexdigest() for name, version in modules.items()}


@pytest.fixture(params=["newest", "debian"])
def program(request):
  return {"newest": programs.go, "debian": programs.debian_go}[request.param]()


def test_every_file_crosses_once(module_world, module_tree, program):
  world = module_world()
  for _ in range(3):
    go = world.go(program=program).require(world.modules)
    run = go.run("mod", "download")
    assert run.returncode == 0, run.stdout + run.stderr
    assert downloaded(go, world.modules) == sums(module_tree, world.modules)
  assert set(world.host.asked.values()) == {1}, world.host.asked
  assert world.count('quicgw_module_answers_total{answer="hit"}') > 0
  assert world.count("quicgw_module_saved_bytes_total") > 40_000_000


@pytest.mark.parametrize("spared", [["example.test/large"], pytest.param([], marks=pytest.mark.long)])
def test_fifty_at_once_make_one_fetch_of_each(module_world, module_tree, spared):
  """The short form is spared the files of 20 MB that fifty go commands would write."""
  world = module_world()
  world.host.rate = 10_000_000
  wanted = {module: version for module, version in world.modules.items() if module not in spared}
  gos = [world.go().require(wanted) for _ in range(50)]
  runs = [go.start("mod", "download") for go in gos]
  for go, run in zip(gos, runs):
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert downloaded(go, wanted) == sums(module_tree, wanted)
  assert set(world.host.asked.values()) == {1}, world.host.asked


def test_without_the_core(module_world, module_tree):
  world = module_world(fresh="1s")
  assert world.go().require(world.modules).run("mod", "download").returncode == 0
  assert world.go().run("list", "-m", "-versions", "example.test/small").stdout.split() == ["example.test/small", "v1.2.3"]
  world.wait_until_kept()
  world.pair.core.kill()
  time.sleep(1.5)
  go = world.go().require(world.modules)
  run = go.run("mod", "download")
  assert run.returncode == 0, run.stdout + run.stderr
  assert downloaded(go, world.modules) == sums(module_tree, world.modules)
  run = world.go().run("list", "-m", "-versions", "example.test/small")
  assert run.stdout.split() == ["example.test/small", "v1.2.3"], run.stderr
  answer = world.get("/example.test/small/@v/list")
  assert "detail=stale" in answer.headers["Cache-Status"]
  assert int(answer.headers["Age"]) >= 1
  assert world.count('quicgw_module_answers_total{answer="stale"}') >= 1
  assert "served example.test/small/@v/list as it was" in world.pair.edge.tail(5000)


def test_after_a_restart_without_the_core(module_world):
  world = module_world()
  assert world.go().require(world.modules).run("mod", "download").returncode == 0
  world.wait_until_kept()
  world.pair.core.kill()
  world.pair.edge.kill()
  world.pair.start_edge()
  run = world.go().require(world.modules).run("mod", "download")
  assert run.returncode == 0, run.stdout + run.stderr


def test_building_getting_and_installing(module_world, program):
  world = module_world(fresh="1s")
  go = world.go(program=program)
  (go.folder / "go.mod").write_text("module example.test/user\n\ngo 1.19\n\nrequire example.test/small v1.2.3\n")
  (go.folder / "main.go").write_text('package main\n\nimport "example.test/small"\n\nfunc main() { println(small.Name) }\n')
  assert go.environment["GOFLAGS"].startswith("-mod=mod")
  for arguments in (["build", "-o", "main"], ["install", f"{TOOL}@v1.2.3"], ["install", f"{TOOL}@latest"], ["get", "example.test/medium@v1.2.3"]):
    run = go.run(*arguments, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
  for made in (go.folder / "main", go.folder / "bin/tool"):
    assert "example.test/small" in subprocess.run([made], capture_output=True, text=True).stderr
  # A new version comes out, and is there when what was known of the old ones is no longer fresh.
  newer = module_tree_files("example.test/small", "v1.3.0", b"newer")
  newer["/example.test/small/@v/list"] = b"v1.2.3\nv1.3.0\n"
  world.host.replaced.update(newer)
  time.sleep(1.2)
  # The first answer may still be the old one, while the new one is on its way.
  for _ in range(2):
    run = go.run("get", "-u", "./...", timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
  assert "example.test/small v1.3.0" in (go.folder / "go.mod").read_text(), (go.folder / "go.mod").read_text()
  assert go.run("build", "-o", "main", timeout=120).returncode == 0


def test_a_toolchain_is_downloaded_once(module_world, module_tree, tmp_path):
  """go fetches a toolchain as a module of 70 MB and runs it; it takes none that no checksum database has."""
  tree = tmp_path / "toolchain-tree"
  write_toolchain(tree, "go1.99.0")
  world = module_world(database=True, tree=tree)
  for _ in range(2):
    go = world.go(sumdb=world.host.database.key)
    go.environment["GOTOOLCHAIN"] = "go1.99.0"
    run = go.run("version")
    assert run.stdout == "the toolchain that was downloaded\n", run.stdout + run.stderr
  archive = next(path for path in world.host.asked if path.endswith(".zip"))
  assert world.host.asked[archive] == 1


def test_a_module_that_is_not_there(module_world):
  world = module_world()
  for _ in range(3):
    run = world.go().run("mod", "download", "example.test/nowhere@v1.0.0")
    assert run.returncode != 0 and "404" in run.stderr and "it is not here" in run.stderr
  assert max(world.host.asked.values()) == 1, world.host.asked


def test_with_a_checksum_database(module_world, module_tree, program):
  world = module_world(database=True)
  for _ in range(2):
    go = world.go(sumdb=world.host.database.key, program=program).require(world.modules)
    run = go.run("mod", "download")
    assert run.returncode == 0, run.stdout + run.stderr
  assert {count for path, count in world.host.asked.items() if "/latest" not in path} == {1}, world.host.asked
  headers = [path for path in world.edge_folder.glob("origin/**/*.zip") if b"recorded h1:" in path.read_bytes()[:4096]]
  assert len(headers) == len(world.modules), "all zips were held against the database"


def test_a_wrong_zip_is_never_whole(module_world, module_tree):
  world = module_world(database=True, missing="1s")
  # Well formed, and not what the database has recorded.
  other = (module_tree[0] / "example.test/medium/@v/v1.2.3.zip").read_bytes().replace(b"const Name", b"const Fame")
  fixed = _with_right_checksums(other)
  world.host.replaced[zip_path("example.test/medium")] = fixed
  for path, at in ((world.edge_folder, "edge"), (world.core_folder, "core")):
    with pytest.raises(Exception):
      world.get(zip_path("example.test/medium")).read()
    assert not list(path.glob("origin/**/example.test/medium/@v/*.zip"))
  assert world.count('quicgw_module_refused_downloads_total{cause="hash_mismatch"}', "core") >= 1
  assert '"event_type":"module_download_failure"' in world.pair.core.tail(5000)
  del world.host.replaced[zip_path("example.test/medium")]
  # What was refused is not asked for again for a while.
  time.sleep(2.5)
  go = world.go(sumdb=world.host.database.key)
  run = go.run("mod", "download", "example.test/medium@v1.2.3")
  assert run.returncode == 0, run.stderr


def _with_right_checksums(archive: bytes) -> bytes:
  """The archive written anew from what is in it, whatever its checksums say."""
  import io
  import zipfile

  source, target = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
  with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
    for entry in source.infolist():
      start = entry.header_offset + 30 + len(entry.filename)
      written.writestr(entry.filename, archive[start:start + entry.file_size])
  return target.getvalue()
