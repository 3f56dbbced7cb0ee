"""What one case runs on: two ends, files to fetch, a capture, and processes that end with it."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Mapping, Sequence

from ..lib import ports, programs
from ..lib.certificates import CORE_NAME, EDGE_NAME, Authority, LinkCertificates
from ..lib.pair import Plan
from ..lib.process import Process
from ..lib.waiting import wait_until
from .evidence import capture
from .evidence.trace import Trace
from .place import Place
from .programs.job import Job, Offer, Wish


class Failed(AssertionError):
  """What a case demands did not happen; the message is one sentence."""


class Missing(Failed):
  """All went well, but quicgw did not do what the case is about."""


class Lacking(Failed):
  """All went well, but the peer did not do what the case is about."""


class Stage:
  """The two ends of one case: `server` and `client` are modules of `ends`."""

  def __init__(self, server: ModuleType, client: ModuleType, place: Place, folder: Path, limit: float) -> None:
    self.server, self.client, self.place, self.folder = server, client, place, folder
    self.end = time.monotonic() + limit
    self.files_folder, self.answers = folder / "www" / "files", folder / "answers"
    self.files_folder.mkdir(parents=True)
    self.answers.mkdir()
    self.keys = folder / "quicgw.keys"
    self.port, self.edge_port, self.origin_port = ports.free_port(), ports.free_port(), ports.free_port()
    self.certificates: LinkCertificates | None = None
    self._running: list[Process] = []
    self._capture: Process | None = None
    self._jobs = 0

  # What cases call.

  def files(self, *sizes: int) -> list[str]:
    """The paths of new files of those sizes, of bytes that differ everywhere."""
    made = []
    for size in sizes:
      name = f"{len(list(self.files_folder.iterdir())):04}-{size}"
      (self.files_folder / name).write_bytes(random.Random(name).randbytes(size))
      made.append(f"/files/{name}")
    return made

  def serve(self, **offer: object) -> Process:
    """Starts the capture and the server."""
    offered = Offer(**offer)  # type: ignore[arg-type]
    self.certificates = self._make_certificates(offered.large_certificate)
    argv = [sys.executable, "-m", capture.__name__, self.place.interface, self.port, self.folder / "capture.pcap"]
    self._capture = self.start("capture", self.place.server(argv))
    wait_until(lambda: capture.READY in self._capture.tail(), 10, "the capture did not begin", unless=self._capture.check)
    return self.server.serve(self, offered)

  def fetch(self, *rounds: Sequence[str], post: int | None = None, tries: int = 1, **wish: object) -> None:
    """The client asks for the files of each round, on a connection for each.

    post -- it sends so many bytes too.
    tries -- how often a connection may be begun.
    """
    posted = self.folder / "posted" if post else None
    if posted:
      posted.write_bytes(random.Random(post).randbytes(post or 0))
    own = self.certificates.edge
    job = Job(
      self.place.host, self.port, CORE_NAME, str(self.certificates.ca), str(own.certificate), str(own.key), str(self.answers),
      [list(paths) for paths in rounds], str(posted) if posted else None, Wish(**wish), tries, self.left)  # type: ignore[arg-type]
    self.client.fetch(self, job)
    for path in [each for paths in rounds for each in paths]:
      self._compare(path)
    if posted:
      seen = json.loads((self.answers / "seen").read_bytes())
      if seen["sha256"] != hashlib.sha256(posted.read_bytes()).hexdigest():
        raise Failed(f"of a body of {post} bytes the origin saw {seen['size']}, or others")

  def trace(self) -> Trace:
    """Ends everything and reads what was captured."""
    self.stop()
    said = self._capture.tail(1)
    if not said.endswith("dropped 0"):
      raise Failed(f"the capture is not complete ({said}), so it proves nothing")
    return Trace(self.folder / "capture.pcap", self.port, self.keys)

  @property
  def own_side(self) -> bool:
    """Whether quicgw is the client."""
    return self.client.__name__.endswith(".quicgw")

  def absent(self, client: bool, what: str) -> Failed:
    """To be raised when all went well, but one end, the client or the server, did not do what the case is about."""
    return Missing(what) if client is self.own_side else Lacking(what)

  @property
  def left(self) -> float:
    """Seconds until the case's limit."""
    return max(self.end - time.monotonic(), 1)

  # What ends call.

  def plan(self, **more: object) -> Plan:
    """What gateways need; both ends of a case have the same ports."""
    return Plan(self.folder, self.certificates, {"origin": f"http://127.0.0.1:{self.origin_port}"}, core_port=self.port,
                edge_port=self.edge_port, link_host=self.place.host, **more)  # type: ignore[arg-type]

  def start_origin(self) -> None:
    """The origin of a gateway that is the server."""
    argv = [sys.executable, "-m", "interop.matrix.programs.origin", self.folder / "www", self.origin_port]
    origin = self.start("origin", self.place.server(argv))
    ports.wait_for_listener(origin, self.origin_port)

  def start(self, name: str, argv: Sequence[object], env: Mapping[str, str] | None = None) -> Process:
    """A process that ends with the case."""
    paths = {"PYTHONPATH": str(programs.REPOSITORY), "PYTHONUNBUFFERED": "1"}
    process = Process(name, [str(part) for part in argv], self.folder, env={**paths, **(env or {})})
    self._running.append(process)
    return process

  def start_server(self, name: str, argv: Sequence[object], env: Mapping[str, str] | None = None) -> Process:
    """The same for a server, which listens on the case's UDP port when this returns."""
    server = self.start(name, self.place.server(argv), env)
    ports.wait_for_listener(server, self.port, transport="udp")
    return server

  def run(self, name: str, argv: Sequence[object], limit: float, env: Mapping[str, str] | None = None) -> Process:
    """Runs a client to its end; raises Failed unless that is a good one."""
    process = self.start(name, self.place.client(argv), env)
    try:
      process.wait(limit)
    except subprocess.TimeoutExpired as error:
      raise Failed(f"{name} has not ended after {limit:.0f} s: {process.tail(1)}") from error
    if process.status:
      raise Failed(f"{name} ended with {process.status}: {process.tail(1)}")
    return process

  def run_program(self, module: str, job: Job, argument: object = None) -> Process:
    """Runs one of interop.matrix.programs with the job and perhaps another argument."""
    self._jobs += 1
    file = job.write(self.folder / f"job-{self._jobs}.json")
    more = [] if argument is None else [argument]
    return self.run("client", [sys.executable, "-m", f"interop.matrix.programs.{module}", file, *more], job.limit + 5)

  def flood(self, how: str) -> None:
    """Lets clients begin connections that they do not go on with; returns when they are on their way."""
    argv = [sys.executable, "-m", "interop.matrix.programs.flood", self.place.host, self.port, how]
    flood = self.start("flood", self.place.client(argv))
    wait_until(lambda: flood.tail().startswith("sent"), 20, "the flood did not begin", unless=flood.check)

  def stop(self) -> None:
    """Ends every process of the case, the last one first, so that the capture outlives all others."""
    while self._running:
      self._running.pop().stop(10)

  def kill(self) -> None:
    """The same at once, but for the capture, which may write what it has."""
    while self._running:
      process = self._running.pop()
      if process is self._capture:
        process.stop(3)
      else:
        process.kill()

  def _compare(self, path: str) -> None:
    name = path.rsplit("/", 1)[-1]
    wanted, got = (self.files_folder / name).read_bytes(), self.answers / name
    if not got.exists():
      raise Failed(f"{path} did not come")
    if got.read_bytes() != wanted:
      raise Failed(f"{path} came with {got.stat().st_size} bytes that are not the file's {len(wanted)}")

  def _make_certificates(self, large: bool) -> LinkCertificates:
    authority = Authority(self.folder / "certificates")
    # A hundred names of its length make a certificate that fills six datagrams.
    more = tuple(f"{'x' * 60}.{index}.core.test" for index in range(100)) if large else ()
    authority.issue("core", core=True, hosts=(CORE_NAME, "localhost", "127.0.0.1", "::1", *more))
    authority.issue("edge", edge=True, hosts=(EDGE_NAME,))
    return LinkCertificates.in_folder(authority.folder)

