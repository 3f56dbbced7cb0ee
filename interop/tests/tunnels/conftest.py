"""An edge and a core with a TCP service and a proxy, for all tests here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import pytest

from interop.lib import ports
from interop.lib.pair import Pair
from interop.origins.origin import Origin
from interop.origins.tcp import TcpOrigin


@dataclass
class Tunnels:
  """What a test of tunnels needs: a pair, and where to enter it."""

  pair: Pair
  tcp: int
  """The edge's port for the service `raw`."""
  closed: int
  """The edge's port for the service `closed`, behind which nobody listens."""
  proxy: int
  """The edge's port for CONNECT."""
  raw: TcpOrigin


@pytest.fixture(scope="module")
def raw() -> Iterator[TcpOrigin]:
  with TcpOrigin() as raw:
    yield raw


@pytest.fixture(scope="module")
def tunnels(module_pair, origin: Origin, raw: TcpOrigin) -> Tunnels:
  tcp, closed, proxy = ports.free_port(), ports.free_port(), ports.free_port()
  pair = module_pair(
    {"origin": origin.http1_url, "raw": raw.url, "closed": f"tcp://127.0.0.1:{ports.free_port()}"},
    core_lines=["default_service: origin", "connect:", f'  - "localhost:{raw.port}"', '  - "*.internal.test:443"',
                f'  - {{targets: "127.0.0.1:{raw.port}", allow: [another-edge]}}'],
    edge_lines=[f"  - tcp: 127.0.0.1:{tcp}", "    service: raw", f"  - tcp: 127.0.0.1:{closed}", "    service: closed",
                f"  - proxy: 127.0.0.1:{proxy}"])
  return Tunnels(pair, tcp, closed, proxy, raw)
