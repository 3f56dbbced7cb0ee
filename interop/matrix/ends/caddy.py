"""quic-go in Caddy: as a core that demands client certificates, and as an edge that proxies over HTTP/3."""

from __future__ import annotations

import subprocess

from ...lib import programs
from ...lib.process import Process
from ...subjects import _caddy
from ..programs.job import Job, Offer
from ..stage import Stage
from . import CLIENT, OTHER_V2, SERVER, _gateway

TITLE = "quic-go in Caddy"
NO_AES = {"GODEBUG": "cpu.aes=off,cpu.pclmulqdq=off"}
"""Go has no switch for the cipher suites of TLS 1.3; without AES in the processor it prefers ChaCha20."""
CANNOT = {
  SERVER: {
    "chacha20": "Go has no switch for the cipher suites of TLS 1.3: it can prefer ChaCha20, but always offers AES, which a core prefers",
    "resumption": "Caddy's HTTP/3 transport keeps no session tickets",
    "zerortt": "Caddy's HTTP/3 transport keeps no session tickets",
    "connectionmigration": "Caddy's HTTP/3 transport does not move to another address",
    "v2": OTHER_V2,
    "versionnegotiation": "quic-go begins with version 1 only"},
  CLIENT: {"v2": OTHER_V2},
}
LACKS: dict = {SERVER: {}, CLIENT: {}}
SENDS_BESIDES = True
TAKES_BODIES = True


def version() -> str:
  lines = subprocess.run([programs.caddy(), "build-info"], capture_output=True, text=True, timeout=20).stdout.splitlines()
  quic = next((line.split()[2] for line in lines if "quic-go/quic-go" in line), "unknown")
  return f"{_caddy.version()}, quic-go {quic}"


def serve(stage: Stage, offer: Offer) -> Process:
  stage.start_origin()
  argv = _caddy.core(stage.plan(), "h3")
  server = stage.start_server("caddy", argv, NO_AES if offer.only_chacha20 else None)
  if offer.retry:
    # Caddy demands it from all as soon as more than a thousand connections begin within a second.
    stage.flood("--garbage=12000")
  return server


def fetch(stage: Stage, job: Job) -> None:
  def start() -> Process:
    return stage.start("caddy", stage.place.client(_caddy.edge(stage.plan(), "h3")))

  _gateway.fetch(stage, job, start)
