"""Caddy at both ends, HTTP/2 with mutual TLS between them."""

from __future__ import annotations

from ..lib.pair import Plan
from . import _caddy

LINK = "h2"
LIVENESS = _caddy.liveness(LINK)
version = _caddy.version


def core(plan: Plan) -> list[str]:
  return _caddy.core(plan, LINK)


def edge(plan: Plan) -> list[str]:
  return _caddy.edge(plan, LINK)
