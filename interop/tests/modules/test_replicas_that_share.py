"""Two cores that share lists, `.info` and `.mod` files in Redis, and what becomes of their clients when Redis does not behave."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Iterator

import pytest

from interop.lib.redis_server import RedisServer
from interop.lib.waiting import wait_until

pytestmark = pytest.mark.quicgw
PREFIX = "quicgw:module:origin:"
SMALL = [f"/example.test/small/@v/{name}" for name in ("list", "v1.2.3.info", "v1.2.3.mod")]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
  with RedisServer(tmp_path / "redis") as server:
    yield server


def replica(module_world, redis: RedisServer, **settings: object):
  """A core, with an edge before it that remembers nothing and an origin that only this core knows."""
  # A busy machine must not look like a slow Redis.
  settings = {"redis_timeout": "2s", "redis": f'"{redis.address}"', "redis_password": redis.password_file, **settings}
  return module_world(at="core", **settings)


def lookups(world, outcome: str) -> int:
  return world.count(f'quicgw_module_shared_lookups_total{{outcome="{outcome}"}}', "core")


def entry(path: str, body: bytes) -> bytes:
  """What a core would have written."""
  content = f"{path.lstrip('/')}\n{int(time.time())}\ntext/plain\n\n".encode() + body
  return f"quicgw module 1\n{hashlib.sha256(content).hexdigest()}\n".encode() + content


def put(redis: RedisServer, path: str, value: bytes) -> None:
  redis.ask("set", PREFIX + path.lstrip("/"), value=value)


def test_what_one_core_has_fetched_the_other_has(module_world, module_tree, redis):
  first, second = replica(module_world, redis), replica(module_world, redis)
  run = (go := first.go().require(first.modules)).run("mod", "download")
  assert run.returncode == 0, run.stdout + run.stderr
  first.get(SMALL[0]).read()
  wait_until(lambda: len(redis.keys()) == 2 * len(first.modules) + 1, 10, "Redis does not have what was fetched")
  lifetimes = [int(redis.ask("ttl", key)) for key in redis.keys()]
  assert all(0 < lifetime <= 86_400 for lifetime in lifetimes), lifetimes
  run = (other := second.go().require(second.modules)).run("mod", "download")
  assert run.returncode == 0, run.stdout + run.stderr
  assert second.get(SMALL[0]).read() == (module_tree[0] / SMALL[0].lstrip("/")).read_bytes()
  assert {path.rsplit(".", 1)[-1] for path in second.host.asked} == {"zip"}, second.host.asked
  assert second.count('quicgw_module_answers_total{answer="shared"}', "core") == 2 * len(first.modules) + 1
  for module, version in first.modules.items():
    assert go.zip(module, version) == other.zip(module, version)


def test_a_redis_that_is_killed_and_started_again(module_world, redis):
  world = replica(module_world, redis, fresh="1s")
  world.get(SMALL[0]).read()
  redis.kill()
  for module in ("medium", "another", "large"):
    assert world.get(f"/example.test/{module}/@v/v1.2.3.info").status == 200
  assert lookups(world, "failed") >= 1 and lookups(world, "skipped") >= 1
  redis.start()

  def is_used() -> bool:
    # It is asked for again when it is a second old.
    world.get(SMALL[0]).read()
    return bool(redis.keys())

  wait_until(is_used, 40, "Redis is not used again", every=0.5)


def test_a_redis_that_hangs_costs_one_wait(module_world, redis):
  world = replica(module_world, redis, redis_timeout="1s")
  world.get(SMALL[0]).read()
  redis.pause()
  try:
    began = time.monotonic()
    assert world.get(SMALL[1]).status == 200
    assert time.monotonic() - began >= 0.9
    run = world.go().require(world.modules).run("mod", "download")
    assert run.returncode == 0, run.stdout + run.stderr
    # Each of them by itself would have waited for a second; once in a while one finds out for all, and no client waits for it.
    assert lookups(world, "skipped") >= len(world.modules)
    assert lookups(world, "failed") <= 1 + 4
  finally:
    redis.go_on()
  found = lookups(world, "absent") + lookups(world, "found")

  def is_asked() -> bool:
    with pytest.raises(OSError):
      world.get(f"/example.test/none{time.monotonic_ns()}/@v/list")
    return lookups(world, "absent") + lookups(world, "found") > found + 1

  wait_until(is_asked, 40, "Redis is not asked again", every=0.5)


def test_rubbish_is_not_served(module_world, module_tree, redis):
  world = replica(module_world, redis)
  other_paths = ["medium/@v/v1.2.3.mod", "medium/@v/v1.2.3.info", "nested/deep/module/@v/list"]
  paths = SMALL + [f"/example.test/{path}" for path in other_paths]
  right = {path: (module_tree[0] / path.lstrip("/")).read_bytes() for path in paths}
  put(redis, paths[0], b"\x00\xff rubbish" * 1000)
  put(redis, paths[1], entry(paths[1], b'{"Version":"v6.6.6"}'))
  put(redis, paths[2], entry("/example.test/other/@v/v1.2.3.mod", right[paths[2]]))
  redis.ask("rpush", PREFIX + paths[3].lstrip("/"), "a", "list")
  put(redis, paths[4], entry(paths[4], right[paths[4]])[:-1])
  put(redis, paths[5], bytes(20_000_000))
  for path in paths:
    assert world.get(path).read() == right[path], path
  assert lookups(world, "refused") == 5 and lookups(world, "absent") == 1
  # What is right has taken its place.
  other = replica(module_world, redis)
  for path in paths:
    assert other.get(path).read() == right[path], path
  assert not other.host.asked


def test_a_mod_that_its_database_does_not_know_is_not_served(module_world, module_tree, redis):
  world = replica(module_world, redis, database=True)
  path = SMALL[2]
  put(redis, path, entry(path, b"module example.test/small\n\nrequire example.test/evil v1.0.0\n"))
  assert world.get(path).read() == (module_tree[0] / path.lstrip("/")).read_bytes()
  assert lookups(world, "refused") == 1
  second = SMALL[2].replace("small", "medium")
  put(redis, second, entry(second, (module_tree[0] / second.lstrip("/")).read_bytes()))
  assert world.get(second).read() == (module_tree[0] / second.lstrip("/")).read_bytes()
  assert lookups(world, "found") == 1 and world.host.asked[second] == 0


def test_a_redis_without_room(module_world, tmp_path):
  with RedisServer(tmp_path / "small-redis", "--maxmemory", "1", "--maxmemory-policy", "noeviction") as redis:
    world = replica(module_world, redis)
    run = world.go().require(world.modules).run("mod", "download")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "takes no modules" in world.pair.core.log.read_text()
