"""Several origins of one service: weights, a backup, one that dies, and one that says that it is not well."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Iterator

import pytest

from interop.lib.waiting import wait_until

pytestmark = pytest.mark.quicgw


class NamedOrigin:
  """Answers with its name, and to /health with what it is told to."""

  def __init__(self, name: str, port: int = 0) -> None:
    self.name, self.health, self.checks = name, 200, 0
    self.connections: list[socket.socket] = []
    origin = self

    class Handler(BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"

      def setup(self) -> None:
        super().setup()
        origin.connections.append(self.connection)

      def log_message(self, *_: object) -> None:
        pass

      def do_GET(self) -> None:
        is_check = self.path == "/health"
        origin.checks += is_check
        body = origin.name.encode()
        self.send_response(origin.health if is_check else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    self.server.daemon_threads = True
    self.port = self.server.server_address[1]
    self.url = f"http://127.0.0.1:{self.port}"
    threading.Thread(target=self.server.serve_forever, daemon=True).start()

  def stop(self) -> None:
    """Ends with its connections, as a process does."""
    self.server.shutdown()
    self.server.server_close()
    for each in self.connections:
      try:
        each.shutdown(socket.SHUT_RDWR)
      except OSError:
        pass


@pytest.fixture
def origins() -> Iterator[list[NamedOrigin]]:
  made = [NamedOrigin(name) for name in ("a", "b", "c")]
  yield made
  for each in made:
    each.stop()


def answers(pair, count: int) -> Counter[str]:
  found: Counter[str] = Counter()
  connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=20)
  for _ in range(count):
    connection.request("GET", "/", headers={"Host": "pool.internal"})
    answer = connection.getresponse()
    found[f"{answer.read().decode()} {answer.status}"] += 1
  connection.close()
  return found


def pool(new_pair, origins, *lines: str, loops: int = 1):
  a, b, c = origins
  return new_pair(
    {"other": a.url}, loops=loops, core_lines=[
      "  pool:", "    origins:", f"      - {{url: \"{a.url}\", weight: 3}}", f"      - {b.url}", f"      - {{url: \"{c.url}\", backup: true}}",
      *(f"    {line}" for line in lines)])


def test_weights_and_a_backup(new_pair, origins):
  pair = pool(new_pair, origins)
  assert answers(pair, 40) == {"a 200": 30, "b 200": 10}
  origins[0].stop()
  found = answers(pair, 20)
  assert found == {"b 200": 20}, found
  origins[1].stop()
  assert answers(pair, 20) == {"c 200": 20}
  wait_until(lambda: "is passed over from now on" in pair.core.tail(200), 5, "the change is not told")


def test_checks_take_out_and_bring_back(new_pair, origins):
  pair = pool(new_pair, origins, "check: {path: /health, interval: 200ms, fails: 2, passes: 2}")
  wait_until(lambda: min(each.checks for each in origins) > 0, 10, "origins are not asked")
  origins[0].health = 503
  wait_until(lambda: answers(pair, 4) == {"b 200": 4}, 10, "an origin that is not well is still used", every=0.1)
  assert "the health check was answered 503" in pair.core.tail(200)
  origins[0].health = 204
  wait_until(lambda: answers(pair, 4) == {"a 200": 3, "b 200": 1}, 10, "an origin that is well again is not used", every=0.1)
  assert "is used again" in pair.core.tail(200)


def test_loops_check_together(new_pair, origins):
  pool(new_pair, origins, "check: {path: /health, interval: 500ms}", loops=2)
  before, start = [each.checks for each in origins], time.monotonic()

  def asked() -> list[int]:
    return [each.checks - count for each, count in zip(origins, before)]

  wait_until(lambda: min(asked()) >= 6, 60, "origins are not asked")
  # Twice as often, if each loop asked for itself; pauses differ by a tenth.
  assert max(asked()) <= (time.monotonic() - start) / 0.45 + 1.5
