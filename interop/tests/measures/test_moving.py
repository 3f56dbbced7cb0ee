"""What is said of a download when its edge moved."""

from __future__ import annotations

import math

import pytest

from interop.loads.download import PAUSE_S, Download
from interop.measures import Settings
from interop.measures.moving.events import Event, read_events, write_events
from interop.measures.moving.figures import figures
from interop.measures.moving.tables import tables
from interop.measures.results.figure import Figure

BEGAN = 100.0
LIMIT = "not whole within 16 s"


def moved(*pauses: tuple[float, float], **changes: object) -> Event:
  """An event 4 s into a download."""
  known = {"size": 1 << 30, "received": 1 << 20, "first_byte_s": 0.5, "seconds": 16.0, "failure": LIMIT, "began": BEGAN} | changes
  return Event.of("rebind_port", 0, Download(pauses=list(pauses), **known), BEGAN + 4)


@pytest.mark.parametrize("pauses, stall", [
  ([], PAUSE_S), ([(1.0, 2.0)], PAUSE_S), ([(3.9, 0.4), (8.0, 0.7)], 0.4), ([(1.0, 2.0), (4.1, 0.5)], 0.5)])
def test_a_stall_is_the_longest_pause_that_ended_after_the_event_and_began_with_it(pauses, stall):
  assert moved(*pauses).stall_s == stall


def test_a_download_is_lost_that_was_closed_or_stayed_silent():
  assert moved(failure="ConnectionResetError: reset", closed=True).stall_s == math.inf
  assert moved((4.0, 12.0)).stall_s == math.inf
  assert "silent" in moved((4.0, 12.0)).failure
  assert moved((4.0, 0.4), (15.7, 0.3)).stall_s == 0.4, "its time was over in the middle of a short pause"
  assert moved((4.0, 0.4), failure=None, seconds=4.5).stall_s == 0.4, "whole, though its end came right after a pause"


def test_a_download_that_had_not_begun_shows_nothing():
  assert math.isnan(moved(first_byte_s=None).stall_s)
  assert math.isnan(moved(first_byte_s=4.5).stall_s)


def test_lost_downloads_are_counted_beside_the_median_of_the_stalls(tmp_path):
  whole = [Event("rebind_port", place, 0.4) for place in range(5)]
  lost = Event("rebind_port", 5, math.inf, "silent to the end")
  write_events(tmp_path / "quicgw-events.csv", [*whole, lost])
  write_events(tmp_path / "envoy_h3-events.csv", [*whole, Event.unknown("rebind_port", 5, "no world")])
  assert read_events(tmp_path / "quicgw-events.csv")[-1] == lost
  found = figures(tmp_path, "lte", ["quicgw", "envoy_h3"], 6)

  def figure(subject: str, metric: str) -> Figure:
    return next(each for each in found if each.subject == subject and each.cell == "rebind_port" and each.metric == metric)

  assert (figure("quicgw", "stall").value, figure("quicgw", "failed").value) == (0.4, 1)
  assert (figure("envoy_h3", "stall").missing, figure("envoy_h3", "stall").judged) == (1, False)
  text = tables(found, ["quicgw", "envoy_h3"], Settings(repeats=6), tmp_path)
  assert "worst ∞" in text and "no world" in text
