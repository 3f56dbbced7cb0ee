"""curl in curl_cffi: ngtcp2 1.x and nghttp3 on BoringSSL. A client only."""

from __future__ import annotations

import curl_cffi

from ..programs.job import Job
from ..stage import Stage
from . import OTHER_V2, SERVER

TITLE = "curl, ngtcp2 1.x"
CANNOT = {
  SERVER: {
    "chacha20": "BoringSSL has no switch for the cipher suites of TLS 1.3",
    "zerortt": "curl sends early data over QUIC with GnuTLS and wolfSSL only, and this one has BoringSSL",
    "keyupdate": "curl never begins a key update",
    "connectionmigration": "curl does not move to another address",
    "v2": OTHER_V2,
    "versionnegotiation": "curl begins with version 1 only"},
}
LACKS = {SERVER: {"ecn": "curl neither marks datagrams nor reads their marks"}}
SENDS_BESIDES = True


def version() -> str:
  words = curl_cffi.__curl_version__.split()
  return f"curl_cffi {curl_cffi.__version__}: " + ", ".join(each for each in words if each.startswith(("libcurl", "ngtcp2", "nghttp3")))


def fetch(stage: Stage, job: Job) -> None:
  stage.run_program("curl_client", job)
