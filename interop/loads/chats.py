"""Long gRPC streams: each sends a message now and then and waits for its echo. Which of them outlive an event is what is asked."""

from __future__ import annotations

import asyncio
import time

import grpc
import grpc.aio

from .channel import CHAT

EVERY_S = 1.0
"""Between two messages of a stream."""


class Chat:
  """One stream with a message each second. It has survived a moment when a message that was sent after it came back."""

  def __init__(self, channel: grpc.aio.Channel) -> None:
    self._stream = channel.stream_stream(CHAT)()
    self._echoed = 0
    self._sent_at: list[float] = []
    self._tasks: list[asyncio.Task[None]] = []
    self.ended: str | None = None
    """The status with which it broke off; None while it lives."""

  async def open(self, limit: float) -> Chat:
    """Begins; returns at the first echo."""
    self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
    end = time.perf_counter() + limit
    while not self._echoed:
      if self.ended or time.perf_counter() > end:
        raise AssertionError(f"a stream's first message did not come back: {self.ended or f'nothing within {limit:g} s'}")
      await asyncio.sleep(0.01)
    return self

  def echoed_since(self, moment: float) -> bool:
    """Whether a message came back that was sent after the moment of time.perf_counter()."""
    return any(sent >= moment for sent in self._sent_at[:self._echoed])

  async def close(self) -> None:
    self._stream.cancel()
    for task in self._tasks:
      task.cancel()
    await asyncio.gather(*self._tasks, return_exceptions=True)

  async def _send(self) -> None:
    while self.ended is None:
      self._sent_at.append(time.perf_counter())
      try:
        await self._stream.write(b"%d" % (len(self._sent_at) - 1))
      except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        # The stream is over, which the receiving half reports with its status.
        return
      await asyncio.sleep(EVERY_S)

  async def _receive(self) -> None:
    try:
      while (answer := await self._stream.read()) is not grpc.aio.EOF:
        if answer != b"%d" % self._echoed:
          self.ended = "WRONG_ANSWER"
          return
        self._echoed += 1
      self.ended = (await self._stream.code()).name
    except grpc.aio.AioRpcError as error:
      self.ended = error.code().name


async def survivors(chats: list[Chat], since: float, limit: float) -> int:
  """How many streams carry messages again that were sent after `since`; waits for them up to `limit` seconds."""
  end = time.perf_counter() + limit
  while time.perf_counter() < end and any(chat.ended is None and not chat.echoed_since(since) for chat in chats):
    await asyncio.sleep(0.05)
  return sum(chat.ended is None and chat.echoed_since(since) for chat in chats)
