"""qh3, which began as aioquic and has its core in Rust. A client only: its server cannot ask for a client's certificate."""

from __future__ import annotations

from importlib import metadata

from ..programs.job import Job
from ..stage import Stage
from . import OTHER_V2, SERVER

TITLE = "qh3"
NO_ROOM = ("its ClientHello with a share for ML-KEM has 2048 bytes, too few for one more with a ticket that holds the client's certificate, "
           "as GnuTLS makes them: BufferWriteError")
CANNOT = {SERVER: {"resumption": NO_ROOM, "zerortt": NO_ROOM, "v2": OTHER_V2}}
LACKS = {SERVER: {"ecn": "qh3 neither marks datagrams nor reads their marks"}}
SENDS_BESIDES = True


def version() -> str:
  return f"qh3 {metadata.version('qh3')}"


def fetch(stage: Stage, job: Job) -> None:
  stage.run_program("python_client", job, "qh3")
