"""Edges with good certificates that break the rules: they harm nobody but themselves, and clients get clear answers."""

from __future__ import annotations

import threading
import time

import pytest

from interop.clients import http3_frames as h3
from interop.clients.answer import Broken
from interop.clients.http1 import Http1Client
from interop.clients.http3 import Http3Client
from interop.clients.reversed_edge import EDGE, INSTANCE, LABEL, SERVICE, VERSION, ReversedEdge, announcement, item
from interop.lib.waiting import wait_until

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def cloud(origin, module_cloud):
  """A good edge, good-1, that must be reached whatever others do."""
  cloud = module_cloud(
    {"host": {"suffix": "test"}, "group": {"service": "web", "group": {"site": "berlin"}}},
    edges={"good-1": {"labels": {"site": "berlin"}}, "bad-1": {"services": ["web"]}}, edge_wait="1s")
  cloud.edge("good-1", expose={"web": origin.http1_url, "secret": origin.http1_url}, labels={"site": "berlin"}).start_and_wait()
  time.sleep(2)
  return cloud


@pytest.fixture
def bad_edge(cloud):
  """Makes edges that say of themselves what they like, all with the certificate of bad-1."""
  made = []
  leaf = cloud.authority.issue("bad-1", edge=True, hosts=("bad-1",))

  usual = announcement(["web"])

  def make(announced: bytes | None = usual) -> ReversedEdge:
    before = cloud.log().count("edge bad-1 at ")
    made.append(ReversedEdge(cloud.core_port, cloud.authority.certificate, leaf, announced))
    if announced is usual:
      # On a busy machine the announcement comes well behind the handshake, and until then the core knows of no service.
      wait_until(lambda: cloud.log().count("edge bad-1 at ") > before, 10, "the core has not heard what the edge exposes")
    return made[-1]

  yield make
  for edge in made:
    edge.close()


@pytest.fixture
def forward(cloud):
  """The same edge's connection for requests of its own."""
  leaf = cloud.authority.issue("bad-1", edge=True, hosts=("bad-1",))
  with Http3Client(cloud.core_port, cloud.authority.certificate, leaf) as client:
    yield client


@pytest.fixture(autouse=True)
def others_are_unharmed(cloud):
  yield
  cloud.check()
  with Http1Client(cloud.ports["host"], limit=5) as client:
    assert client.request("GET", "/", [("host", "web.good-1.test")]).body == b"hello\n"
  with Http1Client(cloud.ports["group"], limit=5) as client:
    assert client.request("GET", "/").body == b"hello\n"


class Asking:
  """A GET of the web service of bad-1 from a thread of its own."""

  def __init__(self, cloud, host: str = "web.bad-1.test", limit: float = 10) -> None:
    self.answer = None
    self.broken = False

    def run() -> None:
      with Http1Client(cloud.ports["host"], limit=limit) as client:
        try:
          self.answer = client.request("GET", "/asked", [("host", host)])
        except (Broken, TimeoutError):
          self.broken = True

    self._thread = threading.Thread(target=run)
    self._thread.start()

  def wait(self):
    self._thread.join(20)
    assert not self._thread.is_alive(), "the request hangs"
    return self.answer


def test_a_foreign_edge_that_keeps_the_rules_is_called(cloud, bad_edge):
  edge = bad_edge()
  asking = Asking(cloud)
  stream, fields = edge.take_request()
  assert (fields[":method"], fields[":authority"], fields[":path"]) == ("GET", "web", "/asked")
  edge.answer(stream, b"from far", fields=[("x-own", "1")])
  answer = asking.wait()
  assert (answer.status, answer.body, answer.first("x-own")) == (200, b"from far", "1")


def test_services_and_labels_of_others_are_not_given(cloud, bad_edge):
  edge = bad_edge(announcement(["web", "secret"], {"site": "berlin"}))
  wait_until(lambda: "may not have secret, site=berlin" in cloud.log(), 5, "the core has not said what it refuses")
  with Http1Client(cloud.ports["host"]) as client:
    answer = client.request("GET", "/", [("host", "secret.bad-1.test")])
    assert (answer.status, answer.gateway_error) == (404, "destination_not_found")
  with Http1Client(cloud.ports["group"]) as client:
    for _ in range(10):
      assert client.request("GET", "/").status == 200
  assert edge.close_code is None


def test_the_instance_of_another_edge_replaces_nobody(cloud, bad_edge):
  replaced = cloud.log().count("is replaced")
  for _ in range(3):
    bad_edge(announcement(["web"], instance=b"\0" * 16))
  wait_until(lambda: cloud.log().count("edge bad-1") >= 3, 5, "the core does not know of it")
  wait_until(lambda: cloud.log().count("is replaced") > replaced, 5, "its own older connections are not replaced")
  assert "edge good-1 at" in cloud.log()
  assert not [line for line in cloud.log().splitlines() if "good-1" in line and "is replaced" in line]


MALFORMED = {
  "no instance": item(EDGE, item(VERSION, b"1") + item(SERVICE, b"web")),
  "a short instance": announcement(["web"], instance=b"short"),
  "a version with a line feed": announcement(["web"], version="1\nforged log line"),
  "a service with a blank": announcement(["a b"]),
  "a service twice": announcement(["web", "web"]),
  "too many services": announcement([f"s{index}" for index in range(300)]),
  "too many labels": announcement(["web"], {f"l{index}": "x" for index in range(100)}),
  "an item beyond its frame": h3.varint(EDGE) + h3.varint(3) + h3.varint(INSTANCE) + h3.varint(16) + b"i",
  "a label that is cut": item(EDGE, item(INSTANCE, b"i" * 16) + item(VERSION, b"1") + item(LABEL, b"\x10ab")),
  "a frame beyond all memory": h3.varint(EDGE) + h3.varint(1 << 60),
  "a megabyte": item(EDGE, b"x" * (1 << 20)),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_an_announcement_that_cannot_be_read_ends_the_connection(bad_edge, name):
  edge = bad_edge(MALFORMED[name])
  assert edge.wait_closed() in (0x106, 0x107)


def test_who_announces_itself_again_and_again_is_sent_away(bad_edge):
  edge = bad_edge()
  for index in range(200):
    if edge.close_code is not None:
      break
    edge.send(edge.announcements, announcement(["web"] if index % 2 else []))
    time.sleep(0.002)
  assert edge.wait_closed() == 0x107


def test_who_says_nothing_is_not_called(cloud, bad_edge):
  edge = bad_edge(None)
  answer = Asking(cloud).wait()
  assert answer.status in (502, 503)
  assert edge.close_code is None


@pytest.mark.parametrize("answer", [
  h3.headers([("content-type", "x/y")]),
  h3.headers([(":status", "99")]),
  h3.headers([(":status", "200"), ("Upper-Case", "1")]),
  h3.headers([(":status", "200"), ("connection", "close")]),
  h3.headers([(":status", "200"), (":path", "/")]),
  h3.headers([(":status", "200")] + [(f"x-{index}", "v" * 8000) for index in range(10)]),
], ids=["no status", "status 99", "upper case", "connection", "a request's field", "80 kB of fields"])
def test_a_malformed_answer_is_502(cloud, bad_edge, answer):
  edge = bad_edge()
  asking = Asking(cloud)
  stream, _ = edge.take_request()
  edge.send(stream, answer, end=True)
  assert asking.wait().status == 502


def test_a_line_feed_in_a_value_injects_nothing(cloud, bad_edge):
  edge = bad_edge()
  asking = Asking(cloud)
  stream, _ = edge.take_request()
  edge.answer(stream, b"body", fields=[("x-split", "a\r\nx-forged: 1\r\n\r\nHTTP/1.1 200")])
  answer = asking.wait()
  assert answer.status == 502 or (answer.first("x-forged"), answer.body) == (None, b"body")


@pytest.mark.parametrize("length, body", [("10", b"short"), ("3", b"too long")])
def test_an_answer_that_lies_about_its_length_is_not_taken_for_whole(cloud, bad_edge, length, body):
  edge = bad_edge()
  asking = Asking(cloud)
  stream, _ = edge.take_request()
  edge.answer(stream, body, fields=[("content-length", length)])
  answer = asking.wait()
  assert asking.broken or answer.status == 502


def test_a_reset_reaches_the_client_as_one(cloud, bad_edge):
  edge = bad_edge()
  asking = Asking(cloud)
  stream, _ = edge.take_request()
  edge.answer(stream, b"some", end=False, fields=[("content-length", "10")])
  time.sleep(0.2)
  edge.reset(stream)
  asking.wait()
  assert asking.broken


def test_an_edge_that_never_answers_hears_that_nobody_waits(cloud, bad_edge):
  edge = bad_edge()
  client = Http1Client(cloud.ports["host"])
  client.send_request("GET", "/", [("host", "web.bad-1.test")])
  stream, _ = edge.take_request()
  client.reset()
  wait_until(lambda: edge.stream(stream).stopped is not None or edge.stream(stream).reset is not None, 5, "the edge was not told")


REQUEST = h3.headers(h3.request_fields("GET", "/smuggled", "web"))
H3_STREAM_CREATION_ERROR, STREAM_LIMIT_ERROR = 0x103, 0x4


@pytest.mark.parametrize("way, code", [("reversed", H3_STREAM_CREATION_ERROR), ("forward", STREAM_LIMIT_ERROR)])
def test_100_000_streams_at_once_end_the_connection(cloud, bad_edge, forward, way, code):
  """On a reversed connection an edge opens no requests at all, on the other one not more than the core allows."""
  before = cloud.core.resident_bytes()
  edge = bad_edge() if way == "reversed" else forward
  # A head without its end asks for nothing.
  assert edge.flood(100_000, REQUEST[:-1], heeds_limit=False) < 100_000
  assert edge.wait_closed() == code
  assert cloud.core.resident_bytes() - before < 16 << 20
  assert "/smuggled" not in cloud.log()


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_streams_that_are_given_up_leave_nothing_behind(cloud, forward, count):
  forward.flood(2_000, REQUEST[:-1], heeds_limit=True, resets=True)
  before, slowest = cloud.core.resident_bytes(), 0.0
  flood = threading.Thread(target=forward.flood, args=(count, REQUEST[:-1]), kwargs={"heeds_limit": True, "resets": True})
  flood.start()
  with Http1Client(cloud.ports["host"], limit=5) as client:
    while flood.is_alive():
      since = time.monotonic()
      assert client.request("GET", "/", [("host", "web.good-1.test")]).status == 200
      slowest = max(slowest, time.monotonic() - since)
      time.sleep(0.01)
  assert forward.close_code is None, "the core has closed a connection that keeps the rules"
  print(f"{(cloud.core.resident_bytes() - before) / 2**20:.1f} MiB more, slowest answer to another {slowest * 1000:.0f} ms")
  assert cloud.core.resident_bytes() - before < 8 << 20
  assert slowest < 2


def test_a_hundred_requests_that_are_not_answered_hold_nobody_up(cloud, bad_edge):
  edge = bad_edge()
  asking = [Asking(cloud, limit=3) for _ in range(100)]
  edge.take_request()
  since = time.monotonic()
  with Http1Client(cloud.ports["host"], limit=5) as client:
    for _ in range(20):
      assert client.request("GET", "/", [("host", "web.good-1.test")]).status == 200
  assert time.monotonic() - since < 3
  for each in asking:
    each.wait()
