"""Two cores with the same ticket keys, and a Redis server where they remember first flights together."""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import Path
from typing import Iterator

import pytest

from interop.lib.pair import Pair
from interop.lib.redis_server import RedisServer
from interop.lib.waiting import wait_until
from interop.origins.origin import Origin
from interop.tests.conftest import SUBJECT
from interop.tests.early.test_early_data import Place, early

pytestmark = [
  pytest.mark.quicgw,
  pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server: apt-get install redis-server"),
]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
  with RedisServer(tmp_path / "redis") as server:
    yield server


class Cores:
  """An edge whose core has a sibling with the same ticket keys."""

  def __init__(self, origin: Origin, folder: Path, redis: RedisServer) -> None:
    keys = folder / "ticket-keys"
    keys.write_text(secrets.token_hex(64) + "\n" + secrets.token_hex(64) + "\n")
    lines = (f"early_data: {{accept: on, ticket_keys: {keys}, redis: \"{redis.address}\", "
             f"redis_password: {redis.password_file}}}")
    self.place = Place(origin, folder)
    self.place.pair.plan.core_lines[:] = [lines]
    self.sibling = Pair(
      origin.http1_url, subject=SUBJECT, certificates=self.place.pair.plan.certificates, admin=True, core_lines=[lines])

  def __enter__(self) -> Cores:
    # First, so that its record begins before the tickets do.
    self.sibling.start_core()
    time.sleep(1.1)
    self.place.__enter__()
    return self

  def __exit__(self, kind: type | None, *rest: object) -> None:
    if kind:
      self.sibling.report()
    self.place.__exit__(kind, *rest)
    self.sibling.stop()

  def count_at_sibling(self, name: str) -> float:
    here = self.place.pair.plan.core_admin_port
    self.place.pair.plan.core_admin_port = self.sibling.plan.core_admin_port
    try:
      return self.place.count("core", name)
    finally:
      self.place.pair.plan.core_admin_port = here


@pytest.fixture
def cores(origin: Origin, tmp_path: Path, redis: RedisServer) -> Iterator[Cores]:
  with Cores(origin, tmp_path, redis) as cores:
    yield cores


def test_early_data_is_taken_by_a_core_that_asks_first(cores):
  _, seen = cores.place.restart_edge("/seen/asked")
  assert early(seen) == ["1"]
  assert cores.place.count("core", 'quicgw_early_data_total{outcome="accepted"}') >= 1


def test_a_copy_sent_to_another_core_reaches_no_origin(cores, origin):
  cores.place.restart_edge("/seen/elsewhere")
  flight = list(cores.place.relay.flight)
  before = list(origin.requests)
  cores.place.send_copy(flight, cores.sibling.plan.core_port)
  assert origin.requests == before
  # It takes the ticket, and only the store keeps it from serving what came with it.
  assert cores.count_at_sibling('quicgw_early_data_total{outcome="accepted"}') == 0
  assert cores.count_at_sibling('quicgw_early_data_total{outcome="replayed"}') >= 1


def test_another_core_takes_early_data_that_is_new(cores):
  cores.place.pair.edge.stop()
  cores.place.relay.core = ("127.0.0.1", cores.sibling.plan.core_port)
  _, seen = cores.place.restart_edge("/seen/sibling")
  assert early(seen) == ["1"]
  assert cores.count_at_sibling('quicgw_early_requests_total{step="served"}') >= 1


def test_without_the_store_requests_wait_for_the_handshake(cores, redis):
  redis.kill()
  time.sleep(0.2)
  _, seen = cores.place.restart_edge("/seen/away")
  assert early(seen) == []
  assert cores.place.count("core", 'quicgw_early_data_total{outcome="store_unavailable"}') >= 1


def test_a_store_that_hangs_is_not_waited_for(cores, redis):
  redis.pause()
  try:
    _, seen = cores.place.restart_edge("/seen/hangs")
  finally:
    redis.go_on()
  assert early(seen) == []
  assert cores.place.count("core", 'quicgw_early_data_total{outcome="store_slow"}') >= 1


def test_a_store_that_has_lost_what_it_knew_is_not_believed(cores, redis):
  cores.place.restart_edge("/seen/before")
  redis.kill()
  redis.start()
  # A copy of what was taken before would be new to this Redis.
  wait_until(lambda: "lost what cores have noted" in cores.place.pair.core.log.read_text(), 20, "the core has not noticed the loss")
  _, seen = cores.place.restart_edge("/seen/after")
  assert early(seen) == []
  assert cores.place.count("core", 'quicgw_early_data_total{outcome="store_unavailable"}') >= 1
