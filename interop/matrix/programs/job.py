"""What a client is to do, and what a server: values that go to programs as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

CHACHA20 = "chacha20"


@dataclass(frozen=True)
class Wish:
  """What a case wants of a client beyond asking for files."""

  only_chacha20: bool = False
  first_version: int | None = None
  """The version of its first packet; it goes on with version 1."""
  update_keys: bool = False
  """A key update after the first file has come."""
  resume: bool = False
  """Later connections take up the session of the first."""
  early_data: bool = False
  """The requests of later connections leave before the handshake's end."""
  move: bool = False
  """To a new local address while files come."""


@dataclass(frozen=True)
class Job:
  """Files to ask for, on one connection or on several after another."""

  host: str
  port: int
  server_name: str
  ca: str
  certificate: str
  key: str
  folder: str
  """Where answers are put, named by the last part of the path."""
  rounds: list[list[str]]
  """The paths of each connection."""
  post: str | None = None
  """A file that the last connection sends to /seen while it asks for its files."""
  wish: Wish = field(default_factory=Wish)
  tries: int = 1
  """How often a connection may be begun; links that lose a third of everything make some handshakes fail."""
  limit: float = 30
  """Seconds for all of it."""

  @property
  def authority(self) -> str:
    return f"{self.server_name}:{self.port}"

  @property
  def target(self) -> Path:
    return Path(self.folder)

  def write(self, path: Path) -> Path:
    """Puts the job into a file for a program."""
    path.write_text(json.dumps(asdict(self), indent=1))
    return path

  @staticmethod
  def read(path: str) -> Job:
    values = json.loads(Path(path).read_text())
    return Job(**values | {"wish": Wish(**values["wish"])})

  def save(self, path: str, body: bytes) -> None:
    """Puts an answer where the case looks for it."""
    (self.target / path.rsplit("/", 1)[-1]).write_bytes(body)


@dataclass(frozen=True)
class Offer:
  """What a case wants of a server beyond giving files."""

  only_chacha20: bool = False
  retry: bool = False
  """Every client must prove its address."""
  update_keys: bool = False
  """The server begins a key update while a file goes out."""
  version_two: bool = False
  """Moves clients that know it to version 2, by the number that ngtcp2 0.12 has for it."""
  large_certificate: bool = False
  """A certificate that does not fit three times the client's first datagram."""
