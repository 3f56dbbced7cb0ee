"""aioquic: QUIC and HTTP/3 in Python, both roles."""

from __future__ import annotations

import json
import sys
from importlib import metadata

from ...lib.process import Process
from ..programs.job import Job, Offer
from ..stage import Stage
from . import CLIENT, OTHER_V2, SERVER

TITLE = "aioquic"
NO_ECN = "aioquic neither marks datagrams nor reads their marks"
CANNOT = {SERVER: {"v2": OTHER_V2}, CLIENT: {"v2": OTHER_V2}}
LACKS = {SERVER: {"ecn": NO_ECN}, CLIENT: {"ecn": NO_ECN}}
TAKES_BODIES = True
SENDS_BESIDES = True


def version() -> str:
  return f"aioquic {metadata.version('aioquic')}"


def fetch(stage: Stage, job: Job) -> None:
  stage.run_program("python_client", job, "aioquic")


def serve(stage: Stage, offer: Offer) -> Process:
  own = stage.certificates.core
  options = stage.folder / "server.json"
  options.write_text(json.dumps({
    "host": stage.place.host, "port": stage.port, "folder": str(stage.folder / "www"), "certificate": str(own.certificate),
    "key": str(own.key), "ca": str(stage.certificates.ca), "only_chacha20": offer.only_chacha20, "update_keys": offer.update_keys,
    "retry": offer.retry}))
  return stage.start_server("server", [sys.executable, "-m", "interop.matrix.programs.aioquic_server", options])
