"""One core and as many edges as are wanted, each with an identity of its own: clients in the cloud → core → edges → their origins."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from pathlib import Path

from . import ports, programs
from .certificates import CORE_NAME, Authority, Leaf
from .process import Process
from .waiting import wait_until

Settings = dict[str, object]


class Cloud:
  """quicgw at both ends. Ends certainly; `report` prints the logs when a test fails."""

  def __init__(self, listeners: dict[str, Settings], **core: object) -> None:
    """Made, not started.

    listeners -- by name: what core.yaml says of each but its address; `kind` is the key that gets that, "address" unless given.
    core -- more keys of core.yaml.
    """
    self.folder = Path(tempfile.mkdtemp(prefix="interop-cloud-"))
    self.authority = Authority(self.folder / "certs")
    self._own = self.authority.issue("core", core=True, hosts=(CORE_NAME, "localhost", "127.0.0.1"))
    self.core_port, self.admin_port = ports.free_port(), ports.free_port()
    self.ports = {name: ports.free_port() for name in listeners}
    self.settings: Settings = {"listeners": [{"name": name, **rest} for name, rest in listeners.items()], **core}
    self.core: Process | None = None
    self.edges: dict[str, Edge] = {}

  @property
  def port(self) -> int:
    """The TCP port of the first listener."""
    return next(iter(self.ports.values()))

  def start(self) -> Cloud:
    """Starts the core; returns when all its listeners are there."""
    self.core = Process("core", [programs.quicgw(), "server", "--config", self.write()], self.folder)
    for port in (self.core_port, *self.ports.values()):
      ports.wait_for_listener(self.core, port)
    return self

  def write(self) -> Path:
    """The core's file as the settings are now."""
    listeners = [
      {**_without(each, "kind"), each.get("kind", "address"): f"127.0.0.1:{self.ports[each['name']]}"} for each in self.settings["listeners"]]
    mine = {
      "listen": f"127.0.0.1:{self.core_port}", "admin": f"127.0.0.1:{self.admin_port}", **_credentials(self._own, self.authority),
      **self.settings}
    return _write(self.folder / "core.yaml", {**mine, "listeners": listeners} if listeners else _without(mine, "listeners"))

  def reload(self) -> None:
    """The core reads its file again; returns when its log says so."""
    self.write()
    seen = self.log().count("reloaded ")
    self.core.signal(signal.SIGHUP)
    wait_until(lambda: self.log().count("reloaded ") > seen, 10, "the core has not reloaded", unless=self.core.check)

  def edge(self, identity: str = "edge-1", *, instance: str = "", **settings: object) -> Edge:
    """A new edge, which is not started: `expose`, `labels` and whatever else edge.yaml may say.

    instance -- tells processes of one identity apart.
    """
    edge = Edge(self, identity, f"{identity}{instance}", settings)
    self.edges[edge.name] = edge
    return edge

  def log(self) -> str:
    return self.core.log.read_text(errors="replace")

  def connected(self) -> int:
    """How many reversed connections the core's log has told of since its start."""
    return self.log().count(" can be called")

  def wait_until_connected(self, count: int, limit: float = 20) -> None:
    wait_until(lambda: self.connected() >= count, limit, f"there are not {count} edges", every=0.05, unless=self.check)

  def check(self) -> None:
    """Raises if a process that should run has ended."""
    for process in (self.core, *(edge.process for edge in self.edges.values())):
      if process:
        process.check()

  def __enter__(self) -> Cloud:
    return self.start()

  def __exit__(self, kind: type | None, *_: object) -> None:
    if kind:
      self.report()
    self.stop()

  def report(self) -> None:
    for process in (self.core, *(edge.process for edge in list(self.edges.values())[:5])):
      if process:
        print(f"--- {process.name} ({'runs' if process.running else f'ended: {process.status}'})")
        print(process.tail())

  def stop(self) -> None:
    for process in (self.core, *(edge.process for edge in self.edges.values())):
      if process:
        process.kill()
    shutil.rmtree(self.folder, ignore_errors=True)


class Edge:
  """One edge of a cloud: started, killed and started again as a test likes."""

  def __init__(self, cloud: Cloud, identity: str, name: str, settings: Settings) -> None:
    self._cloud, self.identity, self.name, self.settings = cloud, identity, name, settings
    self.port = ports.free_port()
    self.process: Process | None = None
    folder = cloud.folder / "certs"
    known = (folder / f"{identity}.pem").exists()
    self._own = (
      Leaf(folder / f"{identity}.pem", folder / f"{identity}.key") if known
      else cloud.authority.issue(identity, edge=True, hosts=(identity,)))

  def start(self) -> Edge:
    """Starts the process, and does not wait for it."""
    self.process = Process(self.name, [programs.quicgw(), "edge", "--config", self.write()], self._cloud.folder)
    return self

  def start_and_wait(self, limit: float = 20) -> Edge:
    """Returns when the core knows of it."""
    count = self._cloud.connected()
    self.start()
    self._cloud.wait_until_connected(count + 1, limit)
    return self

  def write(self) -> Path:
    return _write(self._cloud.folder / f"{self.name}.yaml", {
      "upstream": f"127.0.0.1:{self._cloud.core_port}", "server_name": CORE_NAME, "listeners": [f"127.0.0.1:{self.port}"],
      **_credentials(self._own, self._cloud.authority), **self.settings})

  def reload(self) -> None:
    self.write()
    self.process.signal(signal.SIGHUP)

  def kill(self) -> None:
    """Ends it without a word to the core."""
    self.process.kill()
    self.process = None

  def stop(self) -> int:
    """Lets it drain and end."""
    process, self.process = self.process, None
    process.signal(signal.SIGTERM)
    return process.wait(40)


def _credentials(own: Leaf, authority: Authority) -> Settings:
  return {"certificate": str(own.certificate), "key": str(own.key), "ca": str(authority.certificate)}


def _without(settings: Settings, key: str) -> Settings:
  return {name: value for name, value in settings.items() if name != key}


def _write(path: Path, settings: Settings) -> Path:
  # JSON is YAML.
  path.write_text(json.dumps(settings, indent=1) + "\n")
  return path
