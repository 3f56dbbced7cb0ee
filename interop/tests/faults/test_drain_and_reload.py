"""SIGTERM lets open requests finish, a second one does not; SIGHUP swaps certificates and services under running streams."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from interop.clients.answer import Broken
from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib.waiting import wait_until
from interop.origins.origin import Origin

pytestmark = pytest.mark.quicgw


def in_background(action):
  """Runs the action in a thread; a function that gives its result."""
  result: list = []
  thread = threading.Thread(target=lambda: result.append(action()), daemon=True)
  thread.start()

  def get():
    thread.join(20)
    assert result, "it did not end"
    return result[0]

  return get


def ticking(kind, port: int):
  def ask():
    with kind(port, limit=15) as client:
      return client.request("GET", "/slow/20").body

  return ask


TICKS = b"".join(b"tick %d\n" % tick for tick in range(20))


@pytest.mark.parametrize("kind", [Http1Client, Http2Client])
@pytest.mark.parametrize("end", ["edge", "core"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_open_requests_finish(new_pair, origin, end, kind, number):
  pair = new_pair(origin.http1_url)
  before = len(origin.requests)
  answer = in_background(ticking(kind, pair.port))
  wait_until(lambda: len(origin.requests) > before, 5, "the request did not arrive")
  time.sleep(0.3)
  process = getattr(pair, end)
  begin = time.monotonic()
  process.signal(number)
  if end == "edge":
    wait_until(lambda: _refused(pair.port), 5, "a draining edge still takes requests")
  assert answer() == TICKS
  assert process.wait(10) == 0
  assert time.monotonic() - begin < 8, "it waited for nothing"


def _refused(port: int) -> bool:
  try:
    with Http1Client(port, limit=3) as client:
      return client.request("GET", "/").status == 503
  except (OSError, Broken):
    return True


@pytest.mark.parametrize("end", ["edge", "core"])
def test_a_second_signal_ends_at_once(new_pair, origin, end):
  pair = new_pair(origin.http1_url)
  before = len(origin.requests)
  client = Http1Client(pair.port, limit=40)
  client.send_request("GET", "/hang")
  wait_until(lambda: len(origin.requests) > before, 5, "the request did not arrive")
  process = getattr(pair, end)
  process.signal(signal.SIGTERM)
  time.sleep(0.7)
  assert process.running, "it did not wait for the open request"
  process.signal(signal.SIGTERM)
  begin = time.monotonic()
  process.wait(5)
  assert time.monotonic() - begin < 2
  client.close()


@pytest.mark.parametrize("end", ["edge", "core"])
def test_an_idle_process_ends_soon(new_pair, origin, end):
  pair = new_pair(origin.http1_url)
  with Http1Client(pair.port) as idle:
    idle.request("GET", "/")
    begin = time.monotonic()
    process = getattr(pair, end)
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - begin < 5


def test_an_idle_edge_tells_the_core(new_pair, origin):
  pair = new_pair(origin.http1_url)
  pair.edge.stop()
  pair.start_edge()
  begin = time.monotonic()
  with Http1Client(pair.port) as client:
    assert client.request("GET", "/").status == 200
  assert time.monotonic() - begin < 2


@pytest.mark.parametrize("end", ["edge", "core"])
def test_reload_under_a_running_stream(new_pair, origin, end):
  pair = new_pair(origin.http1_url, admin=True)
  with Http2Client(pair.port, limit=10) as client:
    stream = client.open("POST", "/echo")
    for index in range(20):
      client.send(stream, b"piece %02d" % index)
      while len(client.streams[stream].answer.body) < 8 * (index + 1):
        client.receive()
      if index % 5 == 0:
        getattr(pair, end).signal(signal.SIGHUP)
      time.sleep(0.05)
    client.end(stream)
    assert len(client.read_answer(stream).body) == 160
    assert client.request("GET", "/").status == 200
  pair.check()


def test_a_reload_takes_a_new_service(new_pair, origin):
  pair = new_pair(origin.http1_url, admin=True)
  path = pair.folder / "core.yaml"
  with Origin() as second, Http1Client(pair.port) as client:
    assert client.request("GET", "/").status == 200
    before = len(second.requests)
    path.write_text(path.read_text().replace(origin.http1_url, second.http1_url))
    pair.core.signal(signal.SIGHUP)
    wait_until(lambda: client.request("GET", "/").status == 200 and len(second.requests) > before, 5, "still the old origin")


def test_a_bad_file_changes_nothing(new_pair, origin):
  pair = new_pair(origin.http1_url, admin=True)
  path = pair.folder / "core.yaml"
  good = path.read_text()
  path.write_text(good + "\nno_such_key: 1\n")
  pair.core.signal(signal.SIGHUP)
  wait_until(lambda: "no_such_key" in pair.core.log.read_text(), 5, "no log line names the bad key")
  with Http1Client(pair.port) as client:
    assert client.request("GET", "/").status == 200
  pair.check()


def test_a_reload_takes_new_certificates(new_pair, origin):
  """New connections show the new certificate of the core, and the link that is there goes on."""
  from interop.clients.http3 import Http3Client, Refused
  from interop.lib.certificates import Authority, LinkCertificates

  pair = new_pair(origin.http1_url, admin=True)
  old = pair.plan.certificates
  fresh = Authority(pair.folder / "fresh", "a new CA")
  fresh.issue("core", core=True, hosts=("core.test", "127.0.0.1"))
  fresh.issue("edge", edge=True, hosts=("edge-1",))
  new = LinkCertificates.in_folder(fresh.folder)
  for source, target in ((new.core.certificate, old.core.certificate), (new.core.key, old.core.key), (new.ca, old.ca)):
    target.write_bytes(source.read_bytes())
  with Http1Client(pair.port) as client:
    assert client.request("GET", "/").status == 200
    pair.core.signal(signal.SIGHUP)

    def new_edge_is_served() -> bool:
      try:
        with Http3Client(pair.plan.core_port, new.ca, new.edge, limit=2) as foreign:
          return foreign.request("GET", "/").status == 200
      except Refused:
        return False

    wait_until(new_edge_is_served, 10, "the core still has its old certificate")
    assert client.request("GET", "/").status == 200
