"""Origins in the core's namespace: behind a gateway in cleartext on loopback, or in its place with TLS that asks for a certificate."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path

from ...lib import ports, programs
from ...lib.certificates import LinkCertificates
from ...lib.process import Process
from ...origins.nginx import Nginx
from ...rig.namespaces import Namespace
from .deployment import HarnessFailed


class Kind(Enum):
  """What an origin is for."""

  CALLS = "nghttpd"
  """Echoes small calls at little cost, and serves files."""
  FILES = "nginx"
  """Serves files over HTTP/1.1."""
  STREAMS = "grpcio"
  """Echoes calls and long streams."""

  @property
  def scheme(self) -> str:
    return "http" if self is Kind.FILES else "h2c"


class Origin:
  """One origin that runs; it can be killed and started again on the same port."""

  def __init__(self, kind: Kind, core: Namespace, folder: Path, files: Path | None, certificates: LinkCertificates | None) -> None:
    """With `certificates` it listens by TLS on the core's own address, else in cleartext on its loopback."""
    self.port = ports.free_port()
    self._kind, self._core, self._folder, self._files, self._certificates = kind, core, folder, files or folder, certificates
    self._host = core.address if certificates else "127.0.0.1"
    self.process: Process | None = None

  @property
  def url(self) -> str:
    return f"{self._kind.scheme}://{self._host}:{self.port}"

  def start(self) -> None:
    """Starts it; returns when it listens."""
    self.process = Process(self._kind.value, self._core.argv(self._command()), self._folder)
    try:
      ports.wait_for_listener(self.process, self.port, transport="tcp")
    except AssertionError as error:
      raise HarnessFailed(f"the origin does not listen: {error}") from error

  def check(self) -> None:
    if not self.process.running:
      raise HarnessFailed(f"the origin ended with {self.process.status}: {self.process.tail(3)}")

  def stop(self) -> None:
    if self.process:
      self.process.kill()

  def _command(self) -> list[str | Path]:
    tls = self._certificates
    if self._kind is Kind.FILES:
      nginx = Nginx(self._files, self._folder, tls=tls.core if tls else None, client_ca=tls.ca if tls else None, host=self._host, port=self.port)
      return nginx.command
    if self._kind is Kind.STREAMS:
      # The package's folder on the path: the interpreter starts in the origin's own folder.
      return ["env", f"PYTHONPATH={programs.REPOSITORY}", sys.executable, "-m", "interop.origins.echo_server", self._host, str(self.port),
              *([tls.ca.parent] if tls else [])]
    # It demands a certificate without checking who signed it: the handshake costs and takes what it would anyway.
    secured = ["--verify-client"] if tls else ["--no-tls"]
    pair = [tls.core.key, tls.core.certificate] if tls else []
    return [programs.system("nghttpd"), "-a", self._host, *secured, "--echo-upload", "--trailer", "grpc-status: 0", "-m", "10000", "-w24", "-W24",
            "-d", self._files, str(self.port), *pair]
