"""Google's quiche in Envoy, as a core and as an edge."""

from __future__ import annotations

import json
from pathlib import Path

from ...lib.process import Process
from ...subjects import _envoy
from ..programs.job import Job, Offer
from ..stage import Stage
from . import CLIENT, OTHER_V2, SERVER, _gateway

TITLE = "quiche in Envoy"
NO_AES = {"OPENSSL_ia32cap": "~0x200000000000000"}
"""BoringSSL has no switch for the cipher suites of TLS 1.3; where the processor has no AES (bit 57) it prefers ChaCha20."""
CANNOT = {
  SERVER: {
    "chacha20": "BoringSSL has no switch for the cipher suites of TLS 1.3: it can prefer ChaCha20, but always offers AES, which a core prefers",
    "keyupdate": "quiche begins a key update only after many more packets than a case can send, without a switch in Envoy",
    "connectionmigration": "Envoy moves only when the system tells of another network",
    "v2": OTHER_V2,
    "versionnegotiation": "Envoy begins with version 1 only"},
  CLIENT: {
    "v2": OTHER_V2,
    "retry": "quiche's server never sends a Retry",
    "keyupdate": "quiche begins a key update only after many more packets than a case can send, without a switch in Envoy"},
}
LACKS = {
  SERVER: {},
  CLIENT: {
    "rebind-port": "quiche's server follows a client to another port of its address without the PATH_CHALLENGE that RFC 9000 §9.3 demands"},
}
SENDS_BESIDES = True
TAKES_BODIES = True
version = _envoy.version


def serve(stage: Stage, offer: Offer) -> Process:
  stage.start_origin()
  return stage.start_server("envoy", _envoy.core(stage.plan(loops=1), "h3"), NO_AES if offer.only_chacha20 else None)


def fetch(stage: Stage, job: Job) -> None:
  """With `resume` one Envoy makes a connection for each request, as its sessions are in its memory."""
  resumes = job.wish.resume

  def start() -> Process:
    argv = _envoy.edge(stage.plan(loops=1), "h3")
    if resumes:
      _one_request_a_connection(Path(argv[argv.index("-c") + 1]))
    return stage.start("envoy", stage.place.client(argv))

  _gateway.fetch(stage, job, start, once=resumes)


def _one_request_a_connection(path: Path) -> None:
  configuration = json.loads(path.read_text())
  for cluster in configuration["static_resources"]["clusters"]:
    for options in cluster["typed_extension_protocol_options"].values():
      options["common_http_protocol_options"] = {"max_requests_per_connection": 1}
  path.write_text(json.dumps(configuration, indent=1))
