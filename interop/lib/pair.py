"""An edge and a core with mutual TLS between them, of any subject, as one context manager."""

from __future__ import annotations

import http.client
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from .. import subjects
from . import accounts, ports, programs
from .certificates import CORE_NAME, LinkCertificates
from .process import Process
from .waiting import wait_until

if TYPE_CHECKING:
  from ..rig.world import World


@dataclass
class Plan:
  """What a subject has to know to write its configuration and its command lines."""

  folder: Path
  certificates: LinkCertificates
  services: dict[str, str]
  """Name → origin: http://, h2c:// or https://. One alone is the default for everything."""
  core_port: int = field(default_factory=ports.free_port)
  edge_port: int = field(default_factory=ports.free_port)
  upstream_port: int | None = None
  """Where the edge sends its datagrams when that is not the core itself, such as a relay."""
  loops: int | None = None
  """Event loops of each process; a subject's own default unless given."""
  admin: bool = False
  link_host: str = "127.0.0.1"
  """The address on which the core listens and which the edge dials: of loopback, or of the core in a world."""
  response_head: str | None = None
  """How long origins may take for the head of an answer."""
  origin_ca: Path | None = None
  """Who certifies origins of https; the system's authorities unless given."""
  core_lines: list[str] = field(default_factory=list)
  edge_lines: list[str] = field(default_factory=list)
  """More lines for quicgw's configuration files."""
  keeps_state: bool = False
  """Each end keeps tickets and the like in a folder over its restarts, as under a service manager; for quicgw."""
  idempotent: list[str] = field(default_factory=list)
  """gRPC methods, /package.Service/Method, that may be processed twice; for quicgw's edge."""
  standby: list[str] = field(default_factory=list)
  """Addresses of further cores that quicgw's edge links to."""
  core_admin_port: int = field(default_factory=ports.free_port)
  edge_admin_port: int = field(default_factory=ports.free_port)

  @property
  def link_port(self) -> int:
    """The port that the edge dials."""
    return self.upstream_port or self.core_port

  @property
  def server_name(self) -> str:
    return CORE_NAME

  @property
  def core_address(self) -> str:
    return self._address(self.core_port)

  @property
  def link_address(self) -> str:
    """What the edge dials."""
    return self._address(self.link_port)

  def _address(self, port: int) -> str:
    return f"[{self.link_host}]:{port}" if ":" in self.link_host else f"{self.link_host}:{port}"


class Pair:
  """Two processes of one subject: clients → edge → core → origins. Ends certainly, and keeps its logs when a test fails."""

  def __init__(self, services: dict[str, str] | str, *, subject: str = "quicgw", certificates: LinkCertificates | None = None,
               probe: Callable[[int], bool] | None = None, world: World | None = None, **plan: object) -> None:
    """Made, not started.

    subject -- a name, or two: EDGE/CORE.
    probe -- says of the edge's port whether a request crosses now; a GET unless given.
    world -- has the link between the two: the core and its origins are in `world.core`, this thread and the edge in `world.edge`.
      They meet at the core's IPv4 address unless `link_host` is its other one.
    """
    edge, _, core = subject.partition("/")
    self.subject_name = subject
    self._edge, self._core = subjects.subject(edge), subjects.subject(core or edge)
    self.folder = Path(tempfile.mkdtemp(prefix=f"interop-{edge}-"))
    if certificates is None:
      make = LinkCertificates.made_by_quicgw if programs.have_quicgw() and "quicgw" in subject else LinkCertificates.made_here
      certificates = make(self.folder / "certs")
    services = {"origin": services} if isinstance(services, str) else services
    self.world = world
    if world:
      plan = {"link_host": world.core.address, **plan}
    self.plan = Plan(self.folder, certificates, services, **plan)
    self.probe = probe or _gets_an_answer
    self.core: Process | None = None
    self.edge: Process | None = None

  @property
  def port(self) -> int:
    """The TCP port at which the edge takes requests."""
    return self.plan.edge_port

  def start(self, *, linked: bool = True) -> Pair:
    """Starts both. With `linked`, returns when the link carries requests."""
    self.start_core()
    self.start_edge()
    if linked:
      self.wait_until_linked()
    return self

  def core_command(self) -> list[str]:
    """The core's command line, into its namespace where there is a world; its configuration is written anew."""
    argv = self._core.core(self.plan)
    return self.world.core.argv(argv) if self.world else argv

  def edge_command(self) -> list[str]:
    """The edge's command line; its configuration is written anew."""
    return self._edge.edge(self.plan)

  def start_core(self) -> None:
    self.core = Process("core", self.core_command(), self.folder, env=self._environment("core"))
    ports.wait_for_listener(self.core, self.plan.core_port)

  def start_edge(self) -> None:
    if self.world and not self.world.edge.is_here():
      raise RuntimeError(f"the edge of {self.world} is started from within its namespace: call world.edge.enter() before")
    self.edge = Process("edge", self.edge_command(), self.folder, env=self._environment("edge"))
    ports.wait_for_listener(self.edge, self.plan.edge_port, transport="tcp")

  def _environment(self, end: str) -> dict[str, str]:
    if not self.plan.keeps_state:
      return {}
    folder = self.folder / f"state-{end}"
    folder.mkdir(exist_ok=True)
    return {"STATE_DIRECTORY": str(folder)}

  def wait_until_linked(self, limit: float | None = None) -> None:
    """Returns when a request through both is answered by the origin or refused by name, not failed for want of a link."""
    limit = limit or (60 if self.world else 15)
    wait_until(lambda: self.probe(self.port), limit, "no request crosses the link", every=0.05, unless=self.check)

  def check(self) -> None:
    """Raises if either process has ended."""
    for process in (self.core, self.edge):
      if process:
        process.check()

  def cpu_seconds(self) -> float:
    """CPU time of both so far."""
    return accounts.total_cpu(process.pid for process in (self.core, self.edge) if process)

  def stop(self) -> None:
    """Ends both and removes the folder."""
    self.kill()
    shutil.rmtree(self.folder, ignore_errors=True)

  def kill(self) -> None:
    """Ends both at once; the folder with their logs stays."""
    for process in (self.edge, self.core):
      if process:
        process.kill()

  def __enter__(self) -> Pair:
    try:
      return self.start()
    except BaseException:
      self.report()
      self.stop()
      raise

  def __exit__(self, kind: type | None, *_: object) -> None:
    if kind:
      self.report()
    self.stop()

  def report(self) -> None:
    """Prints the last lines of both logs."""
    for process in (self.core, self.edge):
      if process:
        print(f"--- {process.name} of {self.subject_name} ({'runs' if process.running else f'ended: {process.status}'})")
        print(process.tail())


def _gets_an_answer(port: int) -> bool:
  connection = http.client.HTTPConnection("127.0.0.1", port, timeout=6)
  try:
    connection.request("GET", "/")
    return connection.getresponse().status not in (502, 503, 504)
  except (OSError, http.client.HTTPException):
    return False
  finally:
    connection.close()
