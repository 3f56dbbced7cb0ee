"""`quicgw cache`: what is there, whether it is sound, less of it, and the same at another edge."""

from __future__ import annotations

import subprocess

import pytest

from interop.lib import programs

pytestmark = pytest.mark.quicgw
SMALL = "/example.test/small/@v/v1.2.3.zip"


def cache(*arguments: object) -> subprocess.CompletedProcess[str]:
  return subprocess.run([programs.quicgw(), "cache", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def fill(world) -> None:
  assert world.go().require(world.modules).run("mod", "download").returncode == 0
  world.wait_until_kept()


def test_looking_checking_and_tidying(module_world):
  world = module_world(at="edge")
  fill(world)
  listed = cache("ls", world.edge_folder)
  assert f"{SMALL.lstrip('/')}\t" in listed.stdout, listed.stderr
  assert "zip\t6\t" in cache("stat", world.edge_folder).stdout
  assert cache("verify", world.edge_folder).returncode == 0
  file = world.edge_folder / "origin" / SMALL.lstrip("/")
  file.write_bytes(file.read_bytes()[:-1] + b"!")
  found = cache("verify", "--remove", world.edge_folder)
  assert (found.returncode, found.stdout) == (1, f"damaged\t{SMALL.lstrip('/')}\n")
  assert not file.exists()
  assert cache("gc", "--quota", "1MiB", world.edge_folder).stdout.startswith("removed ")
  assert not (world.edge_folder / "origin/example.test/large/@v/v1.2.3.zip").exists()


def test_carrying_a_cache_to_another_edge(module_world, tmp_path):
  world = module_world(at="edge")
  fill(world)
  file = tmp_path / "cache.export"
  assert cache("export", world.edge_folder, file).returncode == 0
  other = tmp_path / "other"
  (other / "origin" / ".incoming").mkdir(parents=True)
  taken = cache("import", other, file)
  assert taken.returncode == 0, taken.stderr
  assert cache("verify", other).returncode == 0
  assert len(cache("ls", other).stdout.splitlines()) == len(cache("ls", world.edge_folder).stdout.splitlines())
  whole = file.read_bytes()
  for cut in (len(whole) - 4096, len(whole) // 2, 5000):
    file.write_bytes(whole[:cut])
    assert "ends early" in cache("import", other, file).stderr
  damaged = bytearray(whole)
  damaged[len(whole) // 2] ^= 1
  file.write_bytes(damaged)
  assert "damaged" in cache("import", other, file).stderr
  assert cache("verify", other).returncode == 0


def test_prefetching(module_world, tmp_path):
  world = module_world(at="core")
  wanted = tmp_path / "wanted"
  # Lines of go.sum and plain ones; the go command writes none of zips that it does not build.
  lines = [f"{name} {version} h1:x=\n{name} {version}/go.mod h1:y=\n" for name, version in world.modules.items()]
  wanted.write_text("".join(lines) + "example.test/small@v1.2.3\n")
  fetched = cache("prefetch", "--proxy", world.proxy, wanted)
  assert fetched.returncode == 0, fetched.stderr
  assert "6 of 6 modules are there" in fetched.stderr
  asked = dict(world.host.asked)
  assert world.go().require(world.modules).run("mod", "download").returncode == 0
  assert {path: count for path, count in world.host.asked.items() if asked.get(path) != count} == {}
  wanted.write_text("example.test/nowhere@v1.0.0\n")
  missed = cache("prefetch", "--proxy", world.proxy, wanted)
  assert missed.returncode == 1 and "example.test/nowhere@v1.0.0: the answer to its .info was 404" in missed.stderr
