"""`quicgw cache`: what is there, whether it is sound, less of it, and the same at another edge."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from interop.lib import programs

pytestmark = pytest.mark.quicgw
SMALL = "/example.test/small/@v/v1.2.3.zip"


def cache(*arguments: object) -> subprocess.CompletedProcess[str]:
  return subprocess.run([programs.quicgw(), "cache", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def fill(world, *, spared: str = "") -> None:
  world.modules = {module: version for module, version in world.modules.items() if module != spared}
  assert world.go().require(world.modules).run("mod", "download").returncode == 0
  world.wait_until_kept()


def test_looking_checking_and_tidying(module_world):
  world = module_world(at="edge")
  fill(world)
  listed = cache("ls", world.edge_folder)
  assert f"{SMALL.lstrip('/')}\t" in listed.stdout, listed.stderr
  assert "zip\t7\t" in cache("stat", world.edge_folder).stdout
  assert cache("verify", world.edge_folder).returncode == 0
  file = world.edge_folder / "origin" / SMALL.lstrip("/")
  file.write_bytes(file.read_bytes()[:-1] + b"!")
  found = cache("verify", "--remove", world.edge_folder)
  assert (found.returncode, found.stdout) == (1, f"damaged\t{SMALL.lstrip('/')}\n")
  assert not file.exists()
  assert cache("gc", "--quota", "1MiB", world.edge_folder).stdout.startswith("removed ")
  assert not (world.edge_folder / "origin/example.test/large/@v/v1.2.3.zip").exists()


def test_looking_is_no_use(module_world, tmp_path):
  """What is looked at, checked or carried away is not thereby used: the least recently used still goes first."""
  world = module_world(at="edge")
  fill(world, spared="example.test/large")
  files = [file for file in (world.edge_folder / "origin").rglob("*") if file.is_file() and not file.name.startswith(".")]
  assert len(files) >= 18
  for file in files:
    os.utime(file, (1_700_000_000, 1_700_000_000))
  for command in (["ls"], ["stat"], ["verify"]):
    assert cache(*command, world.edge_folder).returncode == 0
  assert cache("export", world.edge_folder, tmp_path / "file").returncode == 0
  assert {file.stat().st_atime for file in files} == {1_700_000_000.0}
  assert world.get(SMALL).read()
  used = [file for file in files if file.stat().st_atime != 1_700_000_000.0]
  assert [str(file.relative_to(world.edge_folder / "origin")) for file in used] == [SMALL.lstrip("/")]


def test_carrying_a_cache_to_another_edge(module_world, tmp_path):
  world = module_world(at="edge")
  fill(world)
  world.get("/example.test/small/@v/list").read()
  file = tmp_path / "cache.export"
  assert cache("export", world.edge_folder, file).returncode == 0
  world.pair.kill()
  other = tmp_path / "other"
  taken = cache("import", other, file)
  assert taken.returncode == 0, taken.stderr
  assert cache("verify", other).returncode == 0
  assert cache("ls", other).stdout.count("\n") == cache("ls", world.edge_folder).stdout.count("\n")
  # An edge that has never seen its core builds with it.
  alone = module_world(at="edge", edge_folder=other)
  alone.pair.core.kill()
  asked = sum(alone.host.asked.values())
  run = alone.go().require(alone.modules).run("mod", "download")
  assert run.returncode == 0, run.stderr
  assert alone.go().run("list", "-m", "-versions", "example.test/small").stdout.split() == ["example.test/small", "v1.2.3"]
  assert sum(alone.host.asked.values()) == asked
  # Into the folder of an edge that runs.
  assert cache("import", other, file).returncode == 0
  assert cache("verify", other).returncode == 0


def test_files_to_import_that_are_damaged(module_world, tmp_path):
  world = module_world(at="edge")
  fill(world, spared="example.test/large")
  file, other = tmp_path / "cache.export", tmp_path / "other"
  assert cache("export", world.edge_folder, file).returncode == 0
  whole = file.read_bytes()
  for cut in (len(whole) - 4096, len(whole) // 2, 5000):
    file.write_bytes(whole[:cut])
    assert "ends early" in cache("import", other, file).stderr
  damaged = bytearray(whole)
  damaged[len(whole) // 2] ^= 1
  file.write_bytes(damaged)
  assert "damaged" in cache("import", other, file).stderr
  assert cache("verify", other).returncode == 0
  for title in (b"quicgw module cache export 1\n../../etc\n", b"quicgw module cache export 2\norigin\n", b""):
    file.write_bytes(title.ljust(4096, b"\0") + whole[4096:])
    refused = cache("import", tmp_path / "third", file)
    assert refused.returncode == 2 and "was not written by quicgw cache export" in refused.stderr
  assert not (tmp_path / "third").exists()


def test_prefetching(module_world, tmp_path):
  world = module_world(at="core")
  wanted = tmp_path / "wanted"
  # Lines of go.sum and plain ones; the go command writes none of zips that it does not build.
  lines = [f"{name} {version} h1:x=\n{name} {version}/go.mod h1:y=\n" for name, version in world.modules.items()]
  wanted.write_text("".join(lines) + "example.test/small@v1.2.3\n")
  fetched = cache("prefetch", "--proxy", world.proxy, wanted)
  assert fetched.returncode == 0, fetched.stderr
  assert "7 of 7 modules are there" in fetched.stderr
  asked = dict(world.host.asked)
  assert world.go().require(world.modules).run("mod", "download").returncode == 0
  assert {path: count for path, count in world.host.asked.items() if asked.get(path) != count} == {}
  wanted.write_text("example.test/nowhere@v1.0.0\n")
  missed = cache("prefetch", "--proxy", world.proxy, wanted)
  assert missed.returncode == 1 and "example.test/nowhere@v1.0.0: the answer to its .info was 404" in missed.stderr


def test_the_progress_of_prefetching_is_seen(module_world, tmp_path):
  """On a terminal: a bar, how many of how many, and what came last."""
  world = module_world(at="edge")
  wanted = tmp_path / "wanted"
  wanted.write_text("".join(f"{name}@{version}\n" for name, version in world.modules.items()))
  shown, terminal = pty.openpty()
  run = subprocess.Popen(
    [programs.quicgw(), "cache", "prefetch", "--proxy", world.proxy, wanted], stdout=subprocess.DEVNULL, stderr=terminal)
  os.close(terminal)
  text = b""
  try:
    while piece := os.read(shown, 4096):
      text += piece
  except OSError:
    # The other end of a terminal is gone.
    pass
  os.close(shown)
  assert run.wait(60) == 0
  count = len(world.modules)
  for done in range(1, count + 1):
    assert b"] %d/%d example.test/" % (done, count) in text, text
  assert b"[%s] %d/%d" % (b"#" * 30, count, count) in text
  assert b"7 of 7 modules are there" in text
