"""The link in userspace: quicgw-link carries packets between two TUN devices."""

from __future__ import annotations

import dataclasses
import json
import shutil
import socket
import threading
from pathlib import Path

from ...lib import programs
from ...lib.process import Process
from ...lib.waiting import wait_until
from ..conditions import Conditions
from ..namespaces import Namespace
from .counters import Counters, DirectionCounters

QUEUE = 10_000
"""Packets that wait in a device for quicgw-link to take them; a burst of a fast sender must not be lost before the link."""


class LinkRefused(Exception):
  """quicgw-link did not do what it was told; the message is its own."""


class TunLink:
  """quicgw-link, started in the NAT's namespace; it keeps the descriptors when the core's device moves away."""

  name = "tun"

  def __init__(self, nat: Namespace, core: Namespace, folder: Path, seed: int) -> None:
    self._nat, self._core, self._folder, self._seed = nat, core, folder, seed
    self._process: Process | None = None
    self._answers = None
    self._lock = threading.Lock()

  def open(self) -> None:
    self._folder.mkdir(parents=True)
    control = self._folder / "control"
    argv = [programs.quicgw_link(), "--edge-side", "outside", "--core-side", "wan", "--control", control, "--seed", self._seed]
    self._process = Process("link", self._nat.argv(argv), self._folder)
    wait_until(lambda: "ready" in self._process.log.read_text().split(), 10, "quicgw-link is not ready", unless=self._process.check)
    self._nat.ip(f"link set wan netns {self._core.name}")
    for namespace, device in ((self._nat, "outside"), (self._core, "wan")):
      namespace.ip(f"link set {device} txqueuelen {QUEUE} addrgenmode none up")
    self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    self._connection.settimeout(10)
    self._connection.connect(str(control))
    self._answers = self._connection.makefile("r")

  def set(self, forward: Conditions, backward: Conditions) -> None:
    self._tell(do="set", forward=as_keys(forward), backward=as_keys(backward))

  def down(self) -> None:
    self._tell(do="down")

  def up(self) -> None:
    self._tell(do="up")

  def black_out(self, seconds: float) -> None:
    self._tell(do="black_out", seconds=seconds)

  def counters(self) -> Counters:
    answer = self._tell(do="counters")
    forward, backward = (DirectionCounters(**answer[way]) for way in ("forward", "backward"))
    return Counters(forward, backward, answer["lateness_us"], sum(answer["refused"].values()))

  def close(self) -> None:
    if self._process:
      self._process.stop()
    if self._answers:
      self._answers.close()
      self._connection.close()
    shutil.rmtree(self._folder, ignore_errors=True)

  def _tell(self, **command: object) -> dict:
    with self._lock:
      self._process.check()
      self._connection.sendall(json.dumps(command).encode() + b"\n")
      line = self._answers.readline()
    if not line:
      self._process.check()
      raise LinkRefused("quicgw-link closed its control connection")
    answer = json.loads(line)
    if "error" in answer:
      raise LinkRefused(f"quicgw-link: {answer['error']}")
    return answer


def as_keys(conditions: Conditions) -> dict[str, object]:
  """The conditions as the control protocol writes them: what is None is left out."""
  keys = {name: value for name, value in dataclasses.asdict(conditions).items() if value is not None}
  if conditions.blackouts:
    keys["blackouts"]["first_s"] = conditions.blackouts.first
  return keys
