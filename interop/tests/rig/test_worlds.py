"""Worlds side by side, worlds after crashes, and what a world is made of."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from interop.lib import ports, programs
from interop.lib.process import Process
from interop.lib.waiting import wait_until
from interop.rig import namespaces
from interop.rig.addresses import FOLDER, Addresses
from interop.rig.world import World, WorldImpossible
from interop.tests.rig.datagrams import Sight, ping

CRASHING = """
import sys, time
from interop.rig.world import World
with World("lan", index=int(sys.argv[1])) as world:
  import subprocess
  left = subprocess.Popen(world.core.argv(["sleep", "1000"]))
  print(left.pid, flush=True)
  time.sleep(1000)
"""


def _free_index() -> int:
  with World("none") as world:
    return world.index


def test_two_worlds_side_by_side():
  with World("none") as one, World("none") as two:
    assert one.index != two.index
    with Sight(one) as first, Sight(two) as second:
      assert first.look()[0] in one.seen_by_core
      assert second.look()[0] in two.seen_by_core
      one.down()
      assert first.look() is None
      assert second.look()
  assert not namespaces.named(one.edge.name) and not namespaces.named(two.edge.name)


def test_an_index_belongs_to_one_world_at_a_time():
  with World("none") as world:
    with pytest.raises(WorldImpossible, match=f"world {world.index} is in use by process {os.getpid()}"):
      World("none", index=world.index).__enter__()
    assert ping(world, 2).lost == 0, "the refused one has harmed it"
  with World("none", index=world.index):
    pass


def test_a_crashed_run_is_cleaned_up(tmp_path):
  index = _free_index()
  with (tmp_path / "said").open("w") as said:
    crashed = subprocess.Popen(
      [sys.executable, "-c", CRASHING, str(index)], stdout=said, cwd=programs.REPOSITORY,
      env={**os.environ, "PYTHONPATH": str(programs.REPOSITORY)})
  wait_until(lambda: (tmp_path / "said").read_text().strip(), 10, "the world to be crashed was not made")
  left = int((tmp_path / "said").read_text())
  crashed.kill()
  crashed.wait()
  prefix = Addresses(index).prefix
  assert namespaces.named(prefix), "nothing was left behind, so that this shows nothing"
  assert Path(f"/proc/{left}").exists()
  with World("none", index=index) as world:
    assert ping(world, 3).lost == 0
    wait_until(lambda: not _runs(left), 5, "a process of the crashed run still runs")
  assert not namespaces.named(prefix) and not list(FOLDER.glob(f"{prefix}*"))
  # The link's own process ended with the one that had started it.
  wait_until(lambda: not _with_argument(f"/{prefix}"), 5, "the crashed run's link still runs")


def _runs(pid: int) -> bool:
  stat = Path(f"/proc/{pid}/stat")
  return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _with_argument(part: str) -> list[int]:
  return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _command(folder).find(part) >= 0]


def _command(folder: Path) -> str:
  try:
    return (folder / "cmdline").read_text()
  except (FileNotFoundError, ProcessLookupError):
    return ""


def test_a_thread_may_still_be_inside_when_the_world_ends():
  came_out = []

  def stay() -> None:
    with World("none") as world:
      world.edge.enter()
    with World("none") as world:
      came_out.append(ping(world, 1).lost)

  thread = threading.Thread(target=stay)
  thread.start()
  thread.join(30)
  assert came_out == [0]


def test_entering_is_for_one_thread_and_ends_with_the_block(world):
  here = os.readlink("/proc/thread-self/ns/net")
  with world.edge.enter():
    assert world.edge.is_here() and not world.core.is_here()
    inside = os.readlink("/proc/thread-self/ns/net")
    seen = []
    thread = threading.Thread(target=lambda: seen.append(os.readlink("/proc/thread-self/ns/net")))
    thread.start()
    thread.join()
  assert seen == [inside] and inside != here
  assert os.readlink("/proc/thread-self/ns/net") == here


@pytest.mark.parametrize("name", ["cubic", "bbr"])
def test_congestion_control_is_of_one_namespace(world, name):
  for end in (world.edge, world.core):
    end.tcp_congestion_control(name)
  with world.core.enter():
    server = socket.create_server((world.core.address, 0))
  world.move_edge()  # Its routes are new, and keep what was chosen.
  with world.edge.enter():
    client = socket.create_connection(server.getsockname(), timeout=5)
  peer, _ = server.accept()
  for each in (client, peer):
    assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0") == name.encode()
  for each in (client, peer, server):
    each.close()
  with pytest.raises(ValueError, match="no TCP congestion control 'nonsense'"):
    world.edge.tcp_congestion_control("nonsense")


def test_the_driver_is_chosen_and_told(world):
  has_netem = world.edge.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem"], check=False).returncode == 0
  assert world.driver == ("netem" if has_netem else "tun")
  assert f"driver {world.driver}" in str(world)


def test_readiness_is_seen_across_namespaces(world, tmp_path):
  port = ports.free_port()
  program = f"import socket, time; s = socket.create_server(('{world.core.address}', {port})); time.sleep(60)"
  with Process("server", world.core.argv([sys.executable, "-c", program]), tmp_path) as server:
    ports.wait_for_listener(server, port)
    assert ports.listens(server, port, "tcp") and not ports.listens(server, port, "udp")
    with Process("another", world.core.argv(["sleep", "60"]), tmp_path) as another:
      assert not ports.listens(another, port), "somebody else's socket in the same namespace is not its own"


def test_making_a_world_takes_no_time():
  begin = time.monotonic()
  with World("none"):
    pass
  assert time.monotonic() - begin < 5
