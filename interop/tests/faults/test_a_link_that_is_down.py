"""The core away, come back, or not to be trusted; the edge killed: clients get the defined answer within a limit."""

from __future__ import annotations

import dataclasses
import time

import grpc
import pytest

from interop.clients.answer import Broken
from interop.clients.grpc_calls import Echo
from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.clients.http3 import Http3Client
from interop.lib.certificates import CORE_NAME, EDGE_NAME, Authority, LinkCertificates
from interop.lib.pair import Pair
from interop.lib.waiting import wait_until
from interop.tests.conftest import SUBJECT

pytestmark = pytest.mark.quicgw
LIMIT = 12
"""Seconds within which a request without a link must be answered."""


def ask(port: int, limit: float = LIMIT):
  with Http1Client(port, limit=limit) as client:
    return client.request("GET", "/")


def works_again(pair: Pair, limit: float = 15) -> None:
  wait_until(lambda: ask(pair.port).status == 200, limit, "the link did not come back")


@pytest.fixture
def edge_alone(origin):
  """An edge whose core was never there."""
  pair = Pair(origin.http1_url, subject=SUBJECT)
  pair.start_edge()
  yield pair
  pair.report()
  pair.stop()


def test_a_core_that_was_never_there(edge_alone):
  answer = ask(edge_alone.port)
  assert answer.status == 503
  assert answer.gateway_error
  with Http2Client(edge_alone.port, limit=LIMIT) as client:
    assert client.request("POST", "/seen", [], b"x").status == 503
  with Echo(edge_alone.port) as echo:
    with pytest.raises(grpc.RpcError) as failed:
      echo.unary(b"x", timeout=LIMIT)
  assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
  edge_alone.start_core()
  works_again(edge_alone)


def test_a_core_that_stops_and_comes_back(new_pair, origin):
  pair = new_pair(origin.http1_url)
  for _ in range(2):
    pair.core.stop()
    assert ask(pair.port).status in (502, 503, 504)
    pair.start_core()
    works_again(pair)


@pytest.mark.long
def test_a_core_that_is_killed_and_comes_back(new_pair, origin):
  pair = new_pair(origin.http1_url)
  pair.core.kill()
  begin = time.monotonic()
  answer = ask(pair.port, limit=40)
  assert answer.status in (502, 503, 504) and answer.gateway_error
  assert time.monotonic() - begin < 35
  pair.start_core()
  works_again(pair, 40)


def test_a_core_that_is_killed_in_the_middle_of_an_answer(new_pair, origin):
  pair = new_pair(origin.http1_url)
  with Http2Client(pair.port, limit=40) as client:
    client.wait_head(stream := client.open("GET", "/hang-after/1000", end=True))
    pair.core.kill()
    pair.start_core()
    begin = time.monotonic()
    with pytest.raises(Broken):
      client.read_answer(stream)
    assert time.monotonic() - begin < 35
  works_again(pair)


def test_an_edge_that_is_killed(new_pair, origin):
  pair = new_pair(origin.http1_url)
  client = Http1Client(pair.port)
  client.send_request("GET", "/hang?edge-killed")
  wait_until(lambda: ("GET", "/hang?edge-killed") in origin.requests, 5, "the request did not arrive")
  pair.edge.kill()
  pair.start_edge()
  works_again(pair)
  wait_until(lambda: "/hang?edge-killed" in origin.gone_at, 45, "the origin still serves a dead edge's request")


@pytest.fixture
def authority(tmp_path):
  authority = Authority(tmp_path / "ours")
  authority.issue("core", core=True, hosts=(CORE_NAME, "127.0.0.1"))
  authority.issue("edge", edge=True, hosts=(EDGE_NAME,))
  return authority


@pytest.mark.parametrize("whose", ["edge", "core"])
@pytest.mark.parametrize("fault", ["foreign", "expired", "nameless", "wrong purpose"])
def test_a_certificate_that_cannot_be_taken(authority, origin, tmp_path, whose, fault):
  certificates = LinkCertificates.in_folder(authority.folder)
  issuer = Authority(tmp_path / "another", "another CA") if fault == "foreign" else authority
  hosts = () if fault == "nameless" else (CORE_NAME,) if whose == "core" else (EDGE_NAME,)
  serves_core = (whose == "core") != (fault == "wrong purpose")
  bad = issuer.issue("bad", core=serves_core, edge=not serves_core, hosts=hosts, days=-1 if fault == "expired" else 7)
  pair = Pair(origin.http1_url, subject=SUBJECT, certificates=dataclasses.replace(certificates, **{whose: bad}))
  try:
    pair.start(linked=False)
  except AssertionError:
    # A process may refuse to start with a certificate that nobody would take, if it says so.
    process = pair.core if whose == "core" else pair.edge
    assert process.status == 2, process.tail()
    assert str(bad.certificate) in process.tail() or "certificate" in process.tail()
    pair.stop()
    return
  try:
    assert ask(pair.port).status == 503
    words = {"foreign": ("signed", "issuer", "trust", "unknown", "ca"), "expired": ("expired",), "nameless": ("name",),
             "wrong purpose": ("purpose", "usage", "eku", "serverauth", "clientauth")}[fault]
    log = (pair.core.log.read_text() + pair.edge.log.read_text()).lower()
    assert any(word in log for word in words), "no log line says what is wrong"
    pair.check()
  finally:
    pair.report()
    pair.stop()


def test_a_core_of_another_name(authority, origin, tmp_path):
  certificates = LinkCertificates.in_folder(authority.folder)
  other = authority.issue("other", core=True, hosts=("elsewhere.test",))
  with_other = dataclasses.replace(certificates, core=other)
  pair = Pair(origin.http1_url, subject=SUBJECT, certificates=with_other)
  try:
    pair.start(linked=False)
    assert ask(pair.port).status == 503
    assert "core.test" in pair.edge.log.read_text()
  finally:
    pair.report()
    pair.stop()


def test_refused_edges_do_not_harm_the_others(new_pair, origin, tmp_path):
  pair = new_pair(origin.http1_url)
  stranger = Authority(tmp_path / "strangers").issue("stranger", edge=True, hosts=("x",))
  for _ in range(20):
    try:
      with Http3Client(pair.plan.core_port, pair.plan.certificates.ca, stranger, limit=2) as client:
        client.request("GET", "/")
      pytest.fail("a stranger was served")
    except Exception as error:  # noqa: BLE001, any way of being refused will do
      assert "stranger was served" not in str(error)
  assert ask(pair.port).status == 200
