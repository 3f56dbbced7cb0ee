"""Callers: when calls are sent, what counts as their latency, and what of them is kept."""

from __future__ import annotations

import asyncio
import math
import random
import socket
import statistics
import sys
import threading
import time

import pytest

from interop.lib import ports
from interop.lib.process import Process
from interop.loads import download as downloads
from interop.loads.calls import Call, lateness, read_calls, write_calls
from interop.loads.channel import open_channel
from interop.loads.chats import Chat, survivors
from interop.loads.target import Target
from interop.loads.unary import Caller, closed_loop, open_loop, poisson, steady


def test_an_open_loop_counts_from_the_time_at_which_a_call_was_due():
  async def call() -> str:
    # Holds up the whole process, as a busy caller does: 5 calls of 40 ms each that are due within 20 ms.
    time.sleep(0.04)
    return "OK"

  calls = asyncio.run(open_loop(call, [0.0, 0.005, 0.010, 0.015, 0.020]))
  assert [call.start_s for call in calls] == [0.0, 0.005, 0.010, 0.015, 0.020]
  for place, call in enumerate(calls):
    assert call.latency_ms >= 40 * (place + 1) - 5 * place


def test_an_open_loop_does_not_wait_for_answers():
  async def call() -> str:
    await asyncio.sleep(0.3)
    return "OK"

  begin = time.perf_counter()
  calls = asyncio.run(open_loop(call, [0.02 * place for place in range(10)]))
  assert time.perf_counter() - begin < 1
  assert all(299 < call.latency_ms < 600 for call in calls)


def test_independent_users_come_at_their_rate_and_irregularly():
  times = poisson(20, 5000, seed=4)
  gaps = [b - a for a, b in zip(times, times[1:])]
  assert times[0] == 0 and times == sorted(times) and times == poisson(20, 5000, seed=4) != poisson(20, 5000, seed=5)
  assert statistics.mean(gaps) == pytest.approx(0.05, rel=0.05)
  # The deviation of exponential gaps is their mean.
  assert statistics.stdev(gaps) == pytest.approx(0.05, rel=0.1)


def test_a_steady_rate_ends_when_it_is_told():
  stop = asyncio.Event()
  times = steady(20, stop)
  assert [next(times) for _ in range(3)] == [0, 0.05, 0.1]
  stop.set()
  assert next(times, None) is None


def test_calls_are_kept_as_they_were(tmp_path):
  source = random.Random(1)
  series = {name: [Call(round(source.random(), 6), round(source.random() * 1000, 3), source.choice(["OK", "UNAVAILABLE"])) for _ in range(20)]
            for name in ("one", "two")}
  write_calls(tmp_path / "folder" / "calls.csv", series)
  assert read_calls(tmp_path / "folder" / "calls.csv") == series


def test_failed_calls_are_infinitely_late_and_in_their_place():
  calls = [Call(2.0, 30, "OK"), Call(1.0, 5, "UNAVAILABLE"), Call(0.0, 10, "OK")]
  assert list(lateness(calls)) == [10, math.inf, 30]


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
  port = ports.free_port()
  argv = [sys.executable, "-m", "interop.origins.echo_server", "127.0.0.1", str(port)]
  from interop.lib.programs import REPOSITORY

  with Process("echo", argv, tmp_path_factory.mktemp("echo"), env={"PYTHONPATH": str(REPOSITORY)}) as process:
    ports.wait_for_tcp(port, unless=process.check)
    yield Target("127.0.0.1", port, "origin")


def test_a_closed_loop_has_so_many_calls_under_way_and_no_more(echo):
  async def run() -> list[Call]:
    channel = open_channel(echo)
    caller = Caller(channel, b"m" * 100, 5)
    await caller.warm_up()
    try:
      return await closed_loop(caller, callers=4, calls=50, told=told.append)
    finally:
      await channel.close()

  told: list[int] = []
  calls = asyncio.run(run())
  assert told == list(range(1, 51)) and all(call.good for call in calls)
  for call in calls:
    assert sum(other.start_s <= call.start_s < other.end_s for other in calls) <= 4


def test_a_call_that_nobody_answers_is_kept_with_its_status():
  async def run() -> str:
    channel = open_channel(Target("127.0.0.1", ports.free_port(), "origin"))
    try:
      return await Caller(channel, b"m", 0.5).call()
    finally:
      await channel.close()

  assert asyncio.run(run()) in ("UNAVAILABLE", "DEADLINE_EXCEEDED")


def test_a_stream_survives_as_long_as_its_origin(tmp_path):
  from interop.lib.programs import REPOSITORY

  port = ports.free_port()
  argv = [sys.executable, "-m", "interop.origins.echo_server", "127.0.0.1", str(port)]

  async def run() -> tuple[int, int]:
    with Process("echo", argv, tmp_path, env={"PYTHONPATH": str(REPOSITORY)}) as process:
      await asyncio.to_thread(ports.wait_for_tcp, port, unless=process.check)
      channel = open_channel(Target("127.0.0.1", port, "origin"))
      chats = [await Chat(channel).open(5) for _ in range(3)]
      alive = await survivors(chats, time.perf_counter(), 5)
      killed = time.perf_counter()
      process.kill()
      dead = await survivors(chats, killed, 5)
      for chat in chats:
        await chat.close()
      await channel.close()
    return alive, dead

  assert asyncio.run(run()) == (3, 0)


def serve(*pieces: bytes | float) -> Target:
  """A server for one client, which sends pieces and sleeps between them."""
  server = socket.create_server(("127.0.0.1", 0))

  def run() -> None:
    with server, server.accept()[0] as connection:
      connection.recv(65536)
      for piece in pieces:
        if isinstance(piece, float):
          time.sleep(piece)
        else:
          connection.sendall(piece)

  threading.Thread(target=run, daemon=True).start()
  return Target("127.0.0.1", server.getsockname()[1], "origin")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def test_a_download_notes_when_nothing_came():
  found = downloads.download(serve(0.4, HEAD[:20], HEAD[20:] + b"x" * 50_000, 1.2, b"x" * 50_000), "/", 10)
  assert (found.size, found.received, found.failure) == (100_000, 100_000, None)
  assert found.first_byte_s == pytest.approx(0.4, abs=0.2)
  assert [length for _, length in found.pauses] == pytest.approx([0.4, 1.2], abs=0.2)
  assert found.stalls(1.0) == pytest.approx([1.2], abs=0.2)
  assert found.arrivals[-1] == (found.seconds, 100_000)
  assert found.megabits_per_second == pytest.approx(0.8 / found.seconds)


@pytest.mark.parametrize("pieces, limit, failure", [
  ((HEAD, b"x" * 10), 5, "closed"), ((HEAD, b"x" * 10, 3.0), 0.6, "not whole"),
  ((b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n",), 5, "503"),
  ((0.1,), 5, "closed"), ((b"HTTP/1.1 200 OK\r\n\r\nhello",), 5, "no Content-Length")])
def test_a_download_that_does_not_come_whole_says_why(pieces, limit, failure):
  found = downloads.download(serve(*pieces), "/", limit)
  assert failure in found.failure
  assert found.seconds < limit + 1
