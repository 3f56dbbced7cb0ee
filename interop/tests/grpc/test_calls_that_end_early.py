"""Deadlines and cancels reach the origin, soon."""

from __future__ import annotations

import queue
import time

import grpc
import pytest

from interop.lib.waiting import wait_until

SOON = 0.1


def cancelled_after(origin, name: str, since: float) -> float:
  wait_until(lambda: name in origin.cancelled_at, 5, f"the origin was not told that {name} is cancelled", every=0.005)
  return origin.cancelled_at[name] - since


@pytest.mark.parametrize("number", range(5))
def test_a_cancel_is_seen_by_the_origin(echo, origin, number):
  name = f"cancel-{number}"
  call = echo.hang(b"", timeout=30, metadata=[("call", name)])
  assert next(call) == b"begun"
  since = time.monotonic()
  call.cancel()
  assert cancelled_after(origin, name, since) < SOON


def test_a_cancel_of_a_client_stream_is_seen(echo, origin):
  feed: queue.Queue[bytes | None] = queue.Queue()
  call = echo.chat(iter(feed.get, None), timeout=30, metadata=[("call", "chat-cancel")])
  feed.put(b"hello")
  assert next(call) == b"hello"
  since = time.monotonic()
  call.cancel()
  assert cancelled_after(origin, "chat-cancel", since) < SOON
  feed.put(None)


def test_a_closed_channel_is_seen(pair, origin):
  from interop.clients.grpc_calls import Echo

  with Echo(pair.port) as echo:
    call = echo.hang(b"", timeout=30, metadata=[("call", "closed")])
    assert next(call) == b"begun"
    since = time.monotonic()
  assert cancelled_after(origin, "closed", since) < SOON


def test_a_deadline_is_passed_on_and_ends_the_call(echo, origin):
  since = time.monotonic()
  with pytest.raises(grpc.RpcError) as failed:
    list(echo.hang(b"", timeout=0.5, metadata=[("call", "deadline")]))
  assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
  assert 0.4 < time.monotonic() - since < 1
  # grpcio rounds up to whole milliseconds.
  assert 0 < origin.remaining["deadline"] <= 0.51
  cancelled_after(origin, "deadline", since)


def test_calls_go_on_after_cancels(echo):
  for _ in range(50):
    call = echo.hang(b"", timeout=30)
    next(call)
    call.cancel()
  assert echo.unary(b"after", timeout=5) == b"after"
