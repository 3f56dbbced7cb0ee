"""A tunnel whose client's connection and link live on different event loops."""

from __future__ import annotations

import socket
import threading

import pytest

from interop.lib import ports
from interop.origins.tcp import connect, ending, read_exactly, reset

pytestmark = pytest.mark.quicgw
MIB = 1 << 20


def test_ends_and_resets_cross_between_event_loops(new_pair, raw):
  port = ports.free_port()
  new_pair({"origin": "http://127.0.0.1:1", "raw": raw.url}, probe=lambda _: True, loops=2,
           edge_lines=[f"  - tcp: 127.0.0.1:{port}", "    service: raw"])
  for _ in range(4):  # Connections alternate between the loops.
    client, server = connect(port), raw.accept()
    writer = threading.Thread(target=server.sendall, args=(b"x" * 5 * MIB,))
    writer.start()
    assert read_exactly(client, 5 * MIB) == b"x" * 5 * MIB
    writer.join()
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    server.sendall(b"late")
    assert read_exactly(client, 4) == b"late"
    reset(server)
    assert ending(client) == "reset"
