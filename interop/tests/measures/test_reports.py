"""Results folders: what is written is read again, a peer's better figure is marked, and two runs are compared."""

from __future__ import annotations

import json
import math

import pytest

from interop.measures import named
from interop.measures.jobs.progress import Progress, line
from interop.measures.results.compare import compare
from interop.measures.results.figure import Figure, read_figures, write_figures
from interop.measures.results.markdown import cell, number
from interop.measures.results.pivot import pivot
from interop.measures.results.ranking import ranked
from interop.measures.results.summary import summary
from interop.measures.statistics.comparison import Verdict
from interop.measures.statistics.counts import FAILED

CIRCUMSTANCES = {"machine": {"cpu": "one"}, "versions": {"quicgw": "1"}, "settings": {"seed": 1}}


def figure(subject: str, value: float, half: float, *, less_is_better: bool = True, metric: str = "p99", count: int = 3000,
           judged: bool = True) -> Figure:
  return Figure("latency", "lte", "closed1", metric, subject, f"{metric} of calls", "ms", less_is_better,
                float(value), float(value - half), float(value + half), count, judged)


def folder(path, figures, circumstances=CIRCUMSTANCES):
  path.mkdir()
  write_figures(path, figures)
  (path / "settings.json").write_text(json.dumps(circumstances))
  return path


def test_figures_are_read_as_they_were_written(tmp_path):
  figures = ranked([figure("quicgw", 200, 5), figure("envoy_h2", 100, 5), figure("caddy_h3", math.nan, 1, count=0), figure("tls", math.inf, 1)])
  write_figures(tmp_path, figures)
  again = read_figures(tmp_path)
  assert [str(each) for each in again] == [str(each) for each in figures]
  assert [each.verdict for each in again] == [Verdict.UNKNOWN, Verdict.BETTER, Verdict.UNKNOWN, Verdict.WORSE]


def test_figures_of_another_version_are_refused_in_a_sentence(tmp_path):
  (tmp_path / "figures.csv").write_text("measure,value\nlatency,1\n")
  with pytest.raises(LookupError, match="figures.csv has other columns .* measure again"):
    read_figures(tmp_path)


def test_a_better_peer_is_marked_in_its_cell_and_listed_first():
  figures = ranked([figure("quicgw", 200, 5), figure("envoy_h2", 100, 5), figure("caddy_h3", 201, 5), figure("tls", 900, 5)])
  row = pivot(figures, ["quicgw", "envoy_h2", "caddy_h3", "tls"]).splitlines()[2]
  assert row == "| p99 of calls, ms | 200 (195–205) | **100 (95.0–105)** ◀ better | 201 (196–206) | 900 (895–905) |"
  text = summary(figures)
  assert "quicgw is better in 1, a peer in 1, in 1 the difference" in text
  assert "| latency on lte: p99 of calls, ms | 200 | envoy_h2 100 |" in text


def test_more_is_better_where_it_is():
  figures = ranked([figure("quicgw", 200, 5, less_is_better=False), figure("envoy_h2", 100, 5, less_is_better=False)])
  assert figures[1].verdict is Verdict.WORSE
  assert "Where a peer is better" not in summary(figures)


@pytest.mark.parametrize("own, other", [(True, False), (False, True), (False, False)])
def test_what_rests_on_too_little_is_not_judged(own, other):
  assert ranked([figure("quicgw", 200, 0, judged=own), figure("envoy_h2", 100, 0, judged=other)])[1].verdict is Verdict.UNKNOWN


def test_numbers_of_failed_calls_are_judged_by_chance_here_and_between_two_runs(tmp_path):
  few, many = figure("envoy_h2", 4, 0, metric=FAILED), figure("caddy_h2", 9, 0, metric=FAILED)
  found = ranked([figure("quicgw", 0, 0, metric=FAILED), few, many])
  assert [each.verdict for each in found] == [Verdict.UNKNOWN, Verdict.SAME, Verdict.WORSE]
  before = folder(tmp_path / "before", [figure("envoy_h2", 0, 0, metric=FAILED), figure("caddy_h2", 0, 0, metric=FAILED)])
  text = compare(before, folder(tmp_path / "after", [few, many]))
  assert "## Worse: 1" in text and "Within the interval: 1." in text


def test_a_table_says_how_many_verdicts_chance_alone_would_give():
  figures = ranked([figure(name, 200, 5, metric=f"p{place}") for place in range(30) for name in ("quicgw", "tls")])
  assert "about 1.5 of 30 comparisons at 95 % would be called better or worse by chance alone" in summary(figures)


def test_failures_are_said():
  assert cell(figure("tls", math.nan, 0)) == "failed"
  assert "- latency on lte: tls" in summary([figure("quicgw", 1, 0), figure("tls", math.nan, 0)])


@pytest.mark.parametrize("value, text", [
  (0, "0"), (0.01234, "0.0123"), (1.005, "1.00"),
  (12.34, "12.3"), (123.4, "123"), (12345.6, "12 346"), (-3.5, "−3.50"), (math.inf, "∞"), (math.nan, "–")])
def test_numbers_have_three_digits(value, text):
  assert number(value) == text


def test_a_comparison_says_what_changed_beyond_the_interval_and_what_else_differs(tmp_path):
  before = folder(tmp_path / "before", [
    figure("quicgw", 200, 5), figure("envoy_h2", 100, 10), figure("quicgw", 50, 1, metric="p50"), figure("gone", 1, 0),
    figure("tls", 1, 0, judged=False)])
  after = folder(tmp_path / "after", [
    figure("quicgw", 150, 5), figure("envoy_h2", 105, 10), figure("quicgw", 60, 1, metric="p50"), figure("tls", 9, 0)], {**CIRCUMSTANCES, "versions": {"quicgw": "2"}})
  text = compare(before, after)
  worse, better = text.split("## Better: 1")
  assert "## Worse: 1" in worse and "| quicgw | 50.0 (49.0–51.0) | 60.0 (59.0–61.0) | +20 % |" in worse
  assert "| quicgw | 200 (195–205) | 150 (145–155) | -25 % |" in better
  assert "Within the interval: 1. Not judged, since one of the two failed or rests on too little: 1." in text and "(gone): 1" in text
  assert "versions quicgw: 1 → 2" in text


def test_words_name_measures():
  assert named(["latency"]) == ["latency"]
  assert named(["cost", "bulk"])[0] == "bulk" and "memory" in named(["cost"]) and "latency" not in named(["cost"])
  assert set(named(["all"])) > set(named(["all"], quick=True)) > {"latency", "bulk", "recovery"}
  with pytest.raises(LookupError, match="no measure speed; there are: all, cost, latency"):
    named(["speed"])


def test_progress_says_when_the_slowest_will_be_done(tmp_path):
  path = tmp_path / "progress"
  assert Progress.read(path).share == 0
  path.write_text('{"at": 100.0, "share": 0, "about": "warms up"}\n{"at": 160.0, "share": 0.5, "about": "cell"}\n{"at": 170.0, "sha')
  slow, fast = Progress.read(path), Progress(0.75, "cell", 100.0, 160.0)
  assert (slow.share, slow.about) == (0.5, "cell")
  assert slow.left_s(160) == 60 and slow.left_s(200) == 20 and fast.left_s(160) == 20
  assert line({"slow": slow, "fast": fast}, 160, 0) == "[1.0 min left] slow 50% cell, fast 75% cell"
  assert line({"slow": slow}, 160, 2).startswith("[5.0 min left]")
  assert line({"slow": slow, "new": Progress()}, 160, 0).startswith("[estimating]")
