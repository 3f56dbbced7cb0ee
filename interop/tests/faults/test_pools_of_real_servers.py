"""Pools of nginx and of Caddy whose servers are killed, hang and come back: clients with safe requests notice nothing but time."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Iterator

import pytest

from interop.lib.waiting import wait_until
from interop.origins.named_servers import NamedServer

pytestmark = pytest.mark.quicgw
PASSED_OVER = "is passed over from now on"


@pytest.fixture(params=["nginx", "caddy"])
def servers(request, tmp_path: Path) -> Iterator[list[NamedServer]]:
  made = [NamedServer(request.param, name, tmp_path) for name in ("a", "b", "c")]
  for each in made:
    each.start()
  yield made
  for each in made:
    each.kill()


def pool(new_pair, servers: list[NamedServer], *lines: str):
  """Two servers and a backup."""
  a, b, c = (each.url for each in servers)
  origins = ["  pool:", "    origins:", f"      - \"{a}\"", f"      - \"{b}\"", f"      - {{url: \"{c}\", backup: true}}"]
  return new_pair({"other": a}, core_lines=[*origins, *(f"    {line}" for line in lines)])


class Clients:
  """Four clients that ask one after another, each on its own connection, until the end of the block."""

  def __init__(self, port: int) -> None:
    self._port, self._is_over = port, False
    self.answers: Counter[str] = Counter()
    self.slowest = 0.0
    self._threads = [threading.Thread(target=self._run) for _ in range(4)]

  def _run(self) -> None:
    while not self._is_over:
      start = time.monotonic()
      answer = one(self._port)
      self.slowest = max(self.slowest, time.monotonic() - start)
      self.answers[answer] += 1

  def __enter__(self) -> Clients:
    for each in self._threads:
      each.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._is_over = True
    for each in self._threads:
      each.join()


def one(port: int, method: str = "GET") -> str:
  connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
  try:
    connection.request(method, "/", headers={"Host": "pool.internal"}, body=b"x" if method == "POST" else None)
    answer = connection.getresponse()
    body = answer.read().decode()
    return body if answer.status == 200 else str(answer.status)
  finally:
    connection.close()


def told(pair) -> str:
  """All that the core has logged."""
  return pair.core.log.read_text()


def ask(port: int, count: int) -> Counter[str]:
  return Counter(one(port) for _ in range(count))


def test_killed_and_started_again(new_pair, servers):
  a, b, _ = servers
  pair = pool(new_pair, servers, "fail_timeout: 1s")
  with Clients(pair.port) as clients:
    for _ in range(3):
      time.sleep(0.5)
      a.kill()
      time.sleep(0.7)
      assert set(ask(pair.port, 10)) == {"b"}
      a.start()
      wait_until(lambda: "a" in ask(pair.port, 4), 10, "a server that is back is not used", every=0.2)
  assert set(clients.answers) == {"a", "b"}, "the backup is for when both are away"
  wait_until(lambda: told(pair).count("is used again") == 3, 5, "the changes are not told")
  a.kill()
  b.kill()
  assert set(ask(pair.port, 10)) == {"c"}


def test_one_that_hangs(new_pair, servers):
  a = servers[0]
  pair = pool(new_pair, servers, "fail_timeout: 2s", "response_head: 1s")
  assert set(ask(pair.port, 8)) == {"a", "b"}
  with Clients(pair.port) as clients:
    a.hang()
    time.sleep(5)
    a.go_on()
    wait_until(lambda: "a" in ask(pair.port, 4), 10, "a server that goes on is not used", every=0.2)
  assert set(clients.answers) == {"a", "b"}, clients.answers
  # Now and then one request finds out whether it is back, at the price of the wait for its answer.
  assert clients.slowest < 10
  assert PASSED_OVER in told(pair)


def test_who_may_fail_as_often_as_it_likes(new_pair, servers):
  a, b, c = servers
  pair = pool(new_pair, servers, "max_fails: 0")
  a.kill()
  # Each has its turn and is refused, and goes to the next.
  assert set(ask(pair.port, 20)) == {"b"}
  assert {one(pair.port, "POST") for _ in range(4)} == {"b"}
  b.kill()
  assert set(ask(pair.port, 10)) == {"c"}
  assert PASSED_OVER not in told(pair)
  b.start()
  assert set(ask(pair.port, 10)) == {"b"}
  c.kill()


def test_one_failure_of_three(new_pair, servers):
  a = servers[0]
  pair = pool(new_pair, servers, "max_fails: 3", "fail_timeout: 30s")
  a.kill()
  for count in range(3):
    assert PASSED_OVER not in told(pair), f"after {count} failures"
    # Two turns: one of them is the dead server's.
    assert ask(pair.port, 2) == {"b": 2}
  wait_until(lambda: PASSED_OVER in told(pair), 5, "three failures change nothing")
