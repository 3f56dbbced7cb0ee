"""TLS over the kernel's TCP with cubic, straight from the client to the origin."""

from __future__ import annotations

from . import _tls_tcp

LINK = _tls_tcp.LINK
LIVENESS = _tls_tcp.LIVENESS
CONGESTION = "cubic"


def version() -> str:
  return _tls_tcp.version(CONGESTION)
