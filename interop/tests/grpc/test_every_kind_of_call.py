"""Unary, client-, server- and bidirectional streaming; metadata, status and trailers-only errors."""

from __future__ import annotations

import json
import os

import grpc
import pytest

LIMIT = 20
MIB = 1 << 20


@pytest.mark.parametrize("size", [0, 1, 12, 65_536, 1_000_000])
def test_unary(echo, size):
  message = os.urandom(size)
  assert echo.unary(message, timeout=LIMIT) == message


def test_metadata(echo):
  sent = [("x-text", "plain"), ("x-some-bin", bytes(range(256))), ("x-empty-bin", b"")]
  _, call = echo.unary.with_call(b"m", timeout=LIMIT, metadata=sent)
  initial = dict(call.initial_metadata())
  assert initial["x-initial"] == "1"
  assert initial["x-text-back"] == "plain"
  assert initial["x-some-back-bin"] == bytes(range(256))
  assert initial["x-empty-back-bin"] == b""
  trailing = dict(call.trailing_metadata())
  assert (trailing["x-trailing"], trailing["x-trailing-bin"]) == ("2", bytes(range(256)))


def test_client_streaming(echo):
  messages = [b"x" * (index * 37 % 5000) for index in range(500)]
  assert json.loads(echo.collect(iter(messages), timeout=LIMIT)) == [500, sum(map(len, messages))]


def test_server_streaming(echo):
  answers = list(echo.spread(json.dumps([500, 3000, 0]).encode(), timeout=LIMIT))
  assert [int(answer[:8]) for answer in answers] == list(range(500))


def test_bidirectional_streaming(echo):
  messages = [os.urandom(index * 53 % 9000) for index in range(300)]
  assert list(echo.chat(iter(messages), timeout=LIMIT)) == messages


@pytest.mark.parametrize("code", range(1, 17))
def test_every_status_without_a_message(echo, code):
  details = "not found: 100% \u00fcber \u2603\n, because"
  with pytest.raises(grpc.RpcError) as failed:
    echo.fail(json.dumps([code, details]).encode(), timeout=LIMIT)
  assert (failed.value.code().value[0], failed.value.details()) == (code, details)
  assert dict(failed.value.trailing_metadata())["x-why-bin"] == b"\x00\x01\xff"


def test_a_status_after_messages(echo):
  got = []
  with pytest.raises(grpc.RpcError) as failed:
    for message in echo.fail_late(json.dumps([9, "late"]).encode(), timeout=LIMIT):
      got.append(message)
  assert (got, failed.value.code(), failed.value.details()) == ([b"one", b"two"], grpc.StatusCode.FAILED_PRECONDITION, "late")


def test_a_method_that_is_not_there(echo):
  with pytest.raises(grpc.RpcError) as failed:
    echo.missing(b"", timeout=LIMIT)
  assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_messages_of_16_mib(echo):
  message = os.urandom(MIB) * 16
  assert echo.unary(message, timeout=60) == message
  assert json.loads(echo.collect(iter([message] * 2), timeout=60)) == [2, 32 * MIB]
  answers = [len(answer) for answer in echo.spread(json.dumps([2, 16 * MIB, 0]).encode(), timeout=60)]
  assert answers == [16 * MIB] * 2


def test_compressed_messages(echo):
  message = b"compress me " * 10_000
  assert echo.unary(message, timeout=LIMIT, compression=grpc.Compression.Gzip) == message
