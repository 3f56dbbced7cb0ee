"""Transfers that break, origins that lie, disks that are full, files that are damaged, processes that are killed."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import subprocess
import threading
import time
from pathlib import Path

import pytest

from interop.lib import ports
from interop.lib.relays import DatagramRelay
from interop.lib.waiting import wait_until

pytestmark = pytest.mark.quicgw
LARGE = "/example.test/large/@v/v1.2.3.zip"
MEDIUM = "/example.test/medium/@v/v1.2.3.zip"


def content(module_tree, path: str) -> bytes:
  return (module_tree[0] / path.lstrip("/")).read_bytes()


def in_background(world, path: str) -> tuple[threading.Thread, list]:
  got: list = []

  def run() -> None:
    try:
      got.append(world.get(path).read())
    except Exception as failure:
      got.append(failure)

  thread = threading.Thread(target=run)
  thread.start()
  return thread, got


@pytest.mark.parametrize("has_ranges", [True, False])
def test_an_origin_that_breaks_off(module_world, module_tree, has_ranges):
  world = module_world()
  world.host.has_ranges = has_ranges
  world.host.break_after[LARGE] = [5_000_000, 3_000_000 if has_ranges else 9_000_000]
  assert world.get(LARGE).read() == content(module_tree, LARGE)
  assert world.count("quicgw_module_resumed_transfers_total", "core") == 2
  assert world.host.resumed[LARGE] == (2 if has_ranges else 0)


def test_a_core_that_is_killed_in_the_middle(module_world, module_tree):
  world = module_world()
  world.host.rate = 5_000_000
  thread, got = in_background(world, LARGE)
  time.sleep(2)
  world.pair.core.kill()
  time.sleep(0.5)
  world.pair.start_core()
  thread.join(90)
  assert got and got[0] == content(module_tree, LARGE), got[:1] if got and isinstance(got[0], Exception) else "another content"
  assert world.count("quicgw_module_resumed_transfers_total") >= 1


def test_a_link_that_is_cut_in_the_middle(module_world, module_tree):
  with DatagramRelay(ports.free_port()) as relay:
    world = module_world(through=relay)
    world.host.rate = 5_000_000
    go = world.go().require(world.modules)
    run = go.start("mod", "download")
    time.sleep(2)
    assert run.poll() is None
    relay.is_dark = True
    time.sleep(5)
    relay.is_dark = False
    output, _ = run.communicate(timeout=90)
    assert run.returncode == 0, output
  assert go.zip("example.test/large", "v1.2.3") == content(module_tree, LARGE)


@pytest.mark.parametrize("path", [
  "/example.test/../../etc/passwd/@v/v1.2.3.zip", "/example.test/..%2f..%2fetc/@v/v1.2.3.zip", "/example.test/.hidden/@v/v1.2.3.zip",
  "/example.test/small/@v/../../../x.zip", "/sumdb/../../x/supported"])
def test_names_that_lead_out_of_the_folder(module_world, path):
  world = module_world()
  connection = http.client.HTTPConnection("127.0.0.1", world.pair.port, timeout=20)
  connection.request("GET", path)
  assert connection.getresponse().status in (400, 404)
  files = [file for folder in (world.edge_folder, world.core_folder) for file in folder.rglob("*") if file.is_file()]
  assert all(file.name == ".lock" for file in files), files


def test_files_that_are_damaged(module_world, module_tree):
  world = module_world()
  assert world.get(LARGE).read() == content(module_tree, LARGE)
  source = random.Random(7)
  for folder in (world.edge_folder, world.core_folder):
    file = folder / "origin" / LARGE.lstrip("/")
    for _ in range(2):
      wait_until(file.exists, 10, f"{file} is not kept")
      with open(file, "r+b") as opened:
        opened.seek(source.randrange(file.stat().st_size))
        opened.write(b"\xff\x00\xff")
      assert world.get(LARGE).read() == content(module_tree, LARGE)
    wait_until(file.exists, 10, f"{file} is not kept")
    os.truncate(file, 1_000_000)
    assert world.get(LARGE).read() == content(module_tree, LARGE)


def test_files_that_are_something_else(module_world, module_tree):
  """Whatever stands in the folder under the name of an entry: it is no answer."""
  world = module_world()
  wanted = content(module_tree, MEDIUM)
  for spoil in (_empty, _another_entry, _a_link, _a_folder):
    assert world.get(MEDIUM).read() == wanted
    for folder in (world.edge_folder, world.core_folder):
      file = folder / "origin" / MEDIUM.lstrip("/")
      wait_until(file.exists, 10, f"{file} is not kept")
      other = file.parents[2] / "small/@v/v1.2.3.zip"
      world.get("/example.test/small/@v/v1.2.3.zip").read()
      wait_until(other.exists, 10, f"{other} is not kept")
      spoil(file, other)
    assert world.get(MEDIUM).read() == wanted, spoil.__name__
  world.pair.check()


def _empty(file: Path, other: Path) -> None:
  os.truncate(file, 0)


def _another_entry(file: Path, other: Path) -> None:
  file.write_bytes(other.read_bytes())


def _a_link(file: Path, other: Path) -> None:
  file.unlink()
  file.symlink_to("/etc/passwd")


def _a_folder(file: Path, other: Path) -> None:
  file.unlink()
  file.mkdir()


@pytest.mark.parametrize("room", ["size=8m", "nr_inodes=20"])
def test_a_disk_that_is_full(module_world, module_tree, tmp_path, room):
  small = tmp_path / "small-disk"
  small.mkdir()
  if subprocess.run(["mount", "-t", "tmpfs", "-o", room, "none", small], capture_output=True).returncode:
    pytest.skip("needs the right to mount a tmpfs")
  try:
    world = module_world(edge_folder=small)
    for _ in range(2):
      run = (go := world.go().require(world.modules)).run("mod", "download")
      assert run.returncode == 0, run.stdout + run.stderr
      assert go.zip("example.test/large", "v1.2.3") == content(module_tree, LARGE)
    assert world.count("quicgw_module_storage_failures_total") >= 1
    world.pair.kill()
  finally:
    subprocess.run(["umount", "-l", small])


def test_room_is_made(module_world):
  world = module_world(at="edge", quota="15MiB")
  for _ in range(2):
    for path in (MEDIUM, LARGE, "/example.test/nested/deep/module/@v/v1.2.3.zip"):
      world.get(path).read()
      time.sleep(0.3)
  used = sum(file.stat().st_blocks * 512 for file in world.edge_folder.rglob("*") if file.is_file())
  assert used <= 15 << 20
  assert world.count("quicgw_module_evicted_entries_total") >= 1


@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.long)])
def test_ends_that_are_killed_again_and_again(module_world, module_tree, rounds):
  """In the middle of fills, at any moment of them: who asks gets the right thing or an error, and so does who comes afterwards; and
  nothing is left over."""
  world = module_world()
  world.host.rate = 20_000_000
  source = random.Random(3)
  for number in range(rounds):
    thread, got = in_background(world, LARGE)
    time.sleep(source.uniform(0.1, 1.6))
    if number % 2:
      world.pair.core.kill()
      world.pair.start_core()
    else:
      world.pair.edge.kill()
      world.pair.start_edge()
    thread.join(90)
    assert got, f"round {number}: the client hangs"
    assert isinstance(got[0], (OSError, http.client.HTTPException)) or got[0] == content(module_tree, LARGE), f"round {number}"
  world.host.rate = None
  world.pair.wait_until_linked()
  for path in (LARGE, MEDIUM, LARGE):
    assert world.get(path).read() == content(module_tree, path)
  for folder in (world.edge_folder, world.core_folder):
    incoming = folder / "origin" / ".incoming"
    wait_until(lambda: not list(incoming.iterdir()), 10, f"{incoming} keeps what nobody wants")


def test_ranges(module_world, module_tree):
  world = module_world()
  whole = content(module_tree, LARGE)
  for _ in range(2):
    answer = world.get(LARGE, {"Range": "bytes=1000000-1999999"})
    assert (answer.status, answer.read()) == (206, whole[1_000_000:2_000_000])
  assert hashlib.sha256(world.get(LARGE).read()).digest() == hashlib.sha256(whole).digest()
