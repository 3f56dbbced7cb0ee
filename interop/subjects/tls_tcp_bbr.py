"""TLS over the kernel's TCP with bbr, straight from the client to the origin."""

from __future__ import annotations

from . import _tls_tcp

LINK = _tls_tcp.LINK
LIVENESS = _tls_tcp.LIVENESS
CONGESTION = "bbr"


def version() -> str:
  return _tls_tcp.version(CONGESTION)
