"""A TCP service behind both gateways and a proxy before them, for all tests here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import pytest

from interop.lib import ports
from interop.lib.process import Process
from interop.origins.origin import Origin
from interop.origins.tcp import TcpOrigin
from interop.tests.edges.conftest import module_cloud  # noqa: F401


@dataclass
class Tunnels:
  """What a test of tunnels needs: a pair, and where to enter it."""

  near: Process
  """Where clients connect."""
  far: Process
  """What connects to origins."""
  http: int
  """The port for requests, of which those for `raw` say so in Host."""
  tcp: int
  """The port for the service `raw`."""
  closed: int
  """The port for the service `closed`, behind which nobody listens."""
  proxy: int
  """The port for CONNECT; 0 where there is none."""
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
  return Tunnels(pair.edge, pair.core, pair.port, tcp, closed, proxy, raw)
