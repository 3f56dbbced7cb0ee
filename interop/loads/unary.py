"""Small gRPC calls: in a closed loop each caller waits for its answer, in an open loop calls are sent when their time has come."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from dataclasses import dataclass
from typing import Awaitable, Callable, Iterable, Iterator

import grpc
import grpc.aio

from .calls import GOOD, Call
from .channel import UNARY

WARM_UP_S = 60.0


@dataclass(frozen=True)
class Caller:
  """Calls through one channel with one message, each with a deadline."""

  channel: grpc.aio.Channel
  message: bytes
  deadline_s: float

  async def warm_up(self) -> None:
    """Returns when a call was answered; connections and handshakes belong to no call that is counted after it."""
    last, end = "", time.perf_counter() + WARM_UP_S
    while time.perf_counter() < end:
      last = await self.call()
      if last == GOOD:
        return
      await asyncio.sleep(0.1)
    raise AssertionError(f"no call was answered within {WARM_UP_S:g} s, the last one ended with {last}")

  async def call(self) -> str:
    """One call; its status."""
    try:
      answer = await self.channel.unary_unary(UNARY)(self.message, timeout=self.deadline_s)
    except grpc.aio.AioRpcError as error:
      return error.code().name
    return GOOD if answer == self.message else "WRONG_ANSWER"


async def closed_loop(caller: Caller, *, callers: int, calls: int, told: Callable[[int], None]) -> list[Call]:
  """`callers` at once, each sending its next call when the last is answered, until `calls` are done; `told` hears how many are."""
  found: list[Call] = []
  left, begin = iter(range(calls)), time.perf_counter()

  async def work() -> None:
    for _ in left:
      start = time.perf_counter()
      status = await caller.call()
      found.append(Call(start - begin, (time.perf_counter() - start) * 1000, status))
      told(len(found))

  await asyncio.gather(*(work() for _ in range(callers)))
  return found


def poisson(rate: float, calls: int, seed: int) -> list[float]:
  """When calls of independent users come: seconds since the beginning."""
  source, at, found = random.Random(seed), 0.0, []
  for _ in range(calls):
    found.append(at)
    at += source.expovariate(rate)
  return found


def steady(rate: float, stop: asyncio.Event) -> Iterator[float]:
  """A call each 1/rate seconds until `stop` is set."""
  for count in itertools.count():
    if stop.is_set():
      return
    yield count / rate


async def open_loop(call: Callable[[], Awaitable[str]], times: Iterable[float], *, told: Callable[[int], None] = lambda _: None,
                    begin: float | None = None) -> list[Call]:
  """Sends each call at its time, whatever became of those before it, and counts its latency from that time: an answer that is late
  because the caller or the channel was busy is late for the user (no coordinated omission).

  begin -- the moment of time.perf_counter() from which times count; now, unless given.
  """
  found: list[Call] = []
  origin = time.perf_counter() if begin is None else begin

  async def one(due: float) -> None:
    status = await call()
    found.append(Call(due, (time.perf_counter() - origin - due) * 1000, status))
    told(len(found))

  pending = []
  for due in times:
    wait = origin + due - time.perf_counter()
    if wait > 0:
      await asyncio.sleep(wait)
    pending.append(asyncio.create_task(one(due)))
  await asyncio.gather(*pending)
  return found
