"""With two event loops a client's socket, the link and the origin's socket are on different ones; nothing else changes."""

from __future__ import annotations

import hashlib
import json
import os
import threading

import pytest

from interop.clients.grpc_calls import Echo, call_crosses
from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib.pair import Pair
from interop.origins.behaviours import PATTERN
from interop.origins.grpc_origin import GrpcOrigin
from interop.tests.conftest import SUBJECT


@pytest.fixture(scope="module", params=["http1", "h2c"])
def pair(request, origin):
  with Pair(origin.http1_url if request.param == "http1" else origin.h2c_url, subject=SUBJECT, loops=2) as pair:
    yield pair
    pair.check()


def test_every_connection_gets_its_own_answers(pair):
  failures: list[str] = []

  def work(number: int) -> None:
    kind = Http1Client if number % 2 else Http2Client
    try:
      with kind(pair.port, limit=20) as client:
        for index in range(15):
          body = os.urandom(1000 * (number + 1) * (index % 7 + 1))
          seen = json.loads(client.request("POST", f"/seen?{number}.{index}", [], body).body)
          if (seen["target"], seen["sha256"]) != (f"/seen?{number}.{index}", hashlib.sha256(body).hexdigest()):
            failures.append(f"{number}.{index}: {seen}")
          size = number * 997 + index
          if client.request("GET", f"/bytes/{size}").body != (PATTERN * 2)[:size]:
            failures.append(f"{number}.{index}: wrong bytes")
    except Exception as error:  # noqa: BLE001, a thread hands every failure to its test
      failures.append(f"{number}: {error!r}")

  threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join(60)
  assert not failures


def test_streams_and_cancels_cross_loops(pair, origin):
  for index in range(20):
    with Http2Client(pair.port) as client:
      stream = client.open("POST", "/echo")
      client.send(stream, b"across" * 1000)
      while len(client.streams[stream].answer.body) < 6000:
        client.receive()
      client.cancel(stream)
      assert client.request("GET", "/").body == b"hello\n"


def test_grpc_crosses_loops():
  with GrpcOrigin() as origin, Pair(origin.url, subject=SUBJECT, loops=2, probe=call_crosses) as pair:
    for _ in range(8):
      with Echo(pair.port) as echo:
        calls = [echo.unary.future(b"%d" % index, timeout=20) for index in range(50)]
        assert [call.result() for call in calls] == [b"%d" % index for index in range(50)]
        assert len(list(echo.chat(iter([b"x" * 10_000] * 50), timeout=20))) == 50
