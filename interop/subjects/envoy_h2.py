"""Envoy at both ends, HTTP/2 with mutual TLS between them."""

from __future__ import annotations

from ..lib.pair import Plan
from . import _envoy

LINK = "h2"
LIVENESS = _envoy.liveness(LINK)
version = _envoy.version


def core(plan: Plan) -> list[str]:
  return _envoy.core(plan, LINK)


def edge(plan: Plan) -> list[str]:
  return _envoy.edge(plan, LINK)
