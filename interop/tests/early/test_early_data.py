"""0-RTT of the built program: one round trip from a restarted edge's first datagram, and no request twice by a copied flight."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from pathlib import Path
from typing import Iterator

import pytest

from interop.clients.http1 import Http1Client
from interop.lib import ports
from interop.lib.pair import Pair
from interop.lib.relays import DatagramRelay
from interop.lib.waiting import wait_until
from interop.origins.origin import Origin
from interop.tests.conftest import SUBJECT

pytestmark = pytest.mark.quicgw
DELAY = 0.1
ROUND_TRIP = 2 * DELAY


class Place:
  """An edge behind a relay that keeps what a first flight is made of; both ends keep their state in a folder."""

  def __init__(self, origin: Origin, folder: Path, *, delay: float = 0, keeps_record: bool = True) -> None:
    self.traces = folder / "traces"
    self.traces.mkdir()
    (folder / "state").mkdir()
    core_port = ports.free_port()
    self.relay = DatagramRelay(core_port, delay)
    record = f", record: {folder / 'state'}" if keeps_record else ""
    self.pair = Pair(
      origin.http1_url, subject=SUBJECT, core_port=core_port, upstream_port=self.relay.port, admin=True,
      edge_lines=[f"early_data: {{tickets: {folder / 'state'}}}", f"qlog: {self.traces}"],
      core_lines=[f"early_data: {{accept: on{record}}}"])

  def __enter__(self) -> Place:
    self.relay.__enter__()
    self.pair.start()
    time.sleep(0.3)
    return self

  def __exit__(self, kind: type | None, *_: object) -> None:
    if kind:
      self.pair.report()
    self.pair.stop()
    self.relay.__exit__()

  def restart_edge(self, path: str) -> tuple[float, dict]:
    """Stops the edge and starts it again while the link is dark, so that the first flight that passes carries a request.

    Gives the seconds from its first datagram to the answer, and what the origin saw.
    """
    self.pair.edge.stop()
    for trace in self.traces.iterdir():
      trace.unlink()
    self.relay.is_dark = True
    self.pair.start_edge()
    answers: list = []

    def ask() -> None:
      with Http1Client(self.pair.port, limit=10) as client:
        answer = client.request("GET", path)
        answers.append((time.monotonic(), answer))

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.15)
    self.relay.begin()
    thread.join(12)
    at, answer = answers[0]
    assert answer.status == 200
    # New tickets come behind the end of the handshake, which such an answer overtakes.
    time.sleep(0.3)
    return at - self.relay.first_at, json.loads(answer.body)

  def count(self, side: str, name: str) -> float:
    """The value of one line of the metrics."""
    port = self.pair.plan.core_admin_port if side == "core" else self.pair.plan.edge_admin_port
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

  def send_copy(self, flight: list[bytes], port: int | None = None) -> None:
    """The recorded datagrams, from a socket of somebody else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
      for datagram in flight:
        other.sendto(datagram, ("127.0.0.1", port or self.pair.plan.core_port))
      time.sleep(1)


@pytest.fixture
def place(origin: Origin, tmp_path: Path) -> Iterator[Place]:
  with Place(origin, tmp_path) as place:
    yield place


def early(seen: dict) -> list[str]:
  return [value for name, value in seen["fields"] if name.lower() == "early-data"]


def packets_sent(folder: Path) -> list[dict]:
  """The packets that the edge has sent on its last connection that got an answer, by its qlog."""
  best: list[dict] = []
  for trace in folder.iterdir():
    records = [json.loads(text) for text in trace.read_text().split("\x1e") if text.strip()]
    events = [record for record in records if "name" in record]
    if any(event["name"] == "transport:packet_received" for event in events):
      best = [event["data"] | {"time": event["time"]} for event in events if event["name"] == "transport:packet_sent"]
  return best


def test_the_first_answer_of_a_restarted_edge_takes_one_round_trip(origin, tmp_path):
  with Place(origin, tmp_path, delay=DELAY) as place:
    taken, seen = place.restart_edge("/seen/early")
    assert early(seen) == ["1"]
    assert ROUND_TRIP <= taken < 1.75 * ROUND_TRIP
    assert place.count("edge", 'quicgw_early_data_total{outcome="accepted"}') == 1
    assert place.count("core", 'quicgw_early_requests_total{step="served"}') >= 1
    # On the wire: the request is in 0-RTT packets, sent at once with the Initial.
    place.pair.edge.stop()
    packets = packets_sent(place.traces)
    zero_rtt = [packet for packet in packets if packet["header"]["packet_type"] == "0RTT"]
    streams = [frame for packet in zero_rtt for frame in packet["frames"] if frame["frame_type"] == "stream"]
    assert any(frame["stream_id"] == 0 and frame.get("fin") for frame in streams)
    assert zero_rtt[0]["time"] - packets[0]["time"] < 50


def test_a_copied_first_flight_reaches_no_origin(place, origin):
  place.restart_edge("/seen/copied")
  flight = list(place.relay.flight)
  assert len(flight) >= 1
  # The connection itself must be gone, else it takes the copies for its own.
  place.pair.edge.stop()
  time.sleep(1)
  before = list(origin.requests)
  place.send_copy(flight)
  assert origin.requests == before
  assert place.count("core", 'quicgw_early_data_total{outcome="replayed"}') >= 1


def test_nor_does_it_after_a_restart_of_the_core(place, origin):
  # A record answers for tickets from its second second on.
  time.sleep(1.1)
  place.restart_edge("/seen/fresh")
  place.restart_edge("/seen/restarted")
  flight = list(place.relay.flight)
  place.pair.edge.stop()
  place.pair.core.kill()
  place.pair.start_core()
  before = list(origin.requests)
  place.send_copy(flight)
  assert origin.requests == before
  assert place.count("core", 'quicgw_early_data_total{outcome="replayed"}') >= 1


def test_a_core_without_a_record_takes_no_early_data_from_before_its_start(origin, tmp_path):
  with Place(origin, tmp_path, keeps_record=False) as place:
    _, seen = place.restart_edge("/seen/before")
    assert early(seen) == ["1"]
    flight = list(place.relay.flight)
    # Else it would come back by itself and be given new tickets.
    place.pair.edge.stop()
    place.pair.core.kill()
    place.pair.start_core()
    before = list(origin.requests)
    place.send_copy(flight)
    assert origin.requests == before
    _, seen = place.restart_edge("/seen/after")
    assert early(seen) == []
    _, seen = place.restart_edge("/seen/later")
    assert early(seen) == ["1"]


def test_early_data_over_a_restart_of_the_core(place):
  time.sleep(1.1)
  place.restart_edge("/seen/fresh")
  place.pair.edge.stop()
  place.pair.core.kill()
  place.pair.start_core()
  _, seen = place.restart_edge("/seen/restart")
  assert early(seen) == ["1"]


def test_the_tickets_of_another_ca_are_dropped(place, tmp_path):
  place.pair.edge.stop()
  ca = place.pair.plan.certificates.ca
  # The same authority in a file that has changed.
  ca.chmod(0o644)
  ca.write_text(ca.read_text() + "\n")
  _, seen = place.restart_edge("/seen/other")
  assert early(seen) == []
  _, seen = place.restart_edge("/seen/again")
  assert early(seen) == ["1"]


def test_a_damaged_ticket_file_is_ignored_with_a_line_in_the_log(place, tmp_path):
  place.pair.edge.stop()
  [file] = (tmp_path / "state").glob("*.tickets")
  file.write_bytes(file.read_bytes()[:-5])
  _, seen = place.restart_edge("/seen/damaged")
  assert early(seen) == []
  assert "damaged" in place.pair.edge.log.read_text()


def test_many_restarts_each_with_early_data(place):
  for number in range(5):
    _, seen = place.restart_edge(f"/seen/{number}")
    assert early(seen) == ["1"]
  wait_until(lambda: place.count("core", "quicgw_handshakes_total") >= 6, 5, "the core has counted no handshakes")
