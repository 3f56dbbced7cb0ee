"""200 calls at once, readers that are slow, streams that live long."""

from __future__ import annotations

import json
import queue
import threading
import time

import pytest

from interop.clients.grpc_calls import Echo


def test_200_calls_at_once(pair):
  with Echo(pair.port) as echo:
    calls = [echo.spread.__call__(json.dumps([20, 500, 0.02]).encode(), timeout=30) for _ in range(200)]
    assert [len(list(call)) for call in calls] == [20] * 200


def test_200_unary_calls_at_once_of_many_channels(pair):
  channels = [Echo(pair.port) for _ in range(10)]
  try:
    calls = [channels[index % 10].unary.future(b"%d" % index, timeout=30) for index in range(200)]
    assert [call.result() for call in calls] == [b"%d" % index for index in range(200)]
  finally:
    for channel in channels:
      channel.channel.close()


def test_a_slow_reader_holds_its_origin_back_and_nobody_else(pair, origin):
  with Echo(pair.port) as slow, Echo(pair.port) as quick:
    call = slow.spread(json.dumps([4000, 16_384, 0]).encode(), timeout=60, metadata=[("call", "slow-reader")])
    next(call)
    time.sleep(1)
    sent = origin.sent["slow-reader"]
    assert sent < 3900, "64 MB were swallowed for a client that does not read"
    begin = time.monotonic()
    for index in range(100):
      assert quick.unary(b"%d" % index, timeout=5) == b"%d" % index
    assert time.monotonic() - begin < 5
    assert 1 + sum(1 for _ in call) == 4000


def test_a_bidirectional_stream_lives_long(pair):
  feed: queue.Queue[bytes | None] = queue.Queue()
  with Echo(pair.port) as echo:
    call = echo.chat(iter(feed.get, None), timeout=60)
    for index in range(60):
      feed.put(b"%d" % index)
      assert next(call) == b"%d" % index
      time.sleep(0.05 if index % 10 else 0.25)
    feed.put(None)
    assert list(call) == []


def test_many_threads_share_one_channel(pair):
  failures: list[Exception] = []

  def work(echo: Echo, number: int) -> None:
    try:
      for index in range(100):
        message = b"%d/%d" % (number, index) * (1 + index)
        assert echo.unary(message, timeout=20) == message
    except Exception as error:  # noqa: BLE001, a thread hands every failure to its test
      failures.append(error)

  with Echo(pair.port) as echo:
    threads = [threading.Thread(target=work, args=(echo, number)) for number in range(16)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join(60)
  assert not failures


@pytest.mark.long
def test_a_stream_that_is_idle_for_two_minutes(pair):
  feed: queue.Queue[bytes | None] = queue.Queue()
  with Echo(pair.port) as echo:
    call = echo.chat(iter(feed.get, None), timeout=200)
    for word in (b"before", b"after"):
      feed.put(word)
      assert next(call) == word
      time.sleep(120 if word == b"before" else 0)
    feed.put(None)
    assert list(call) == []
