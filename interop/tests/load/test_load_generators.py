"""h2load and wrk at the edge's listener: not one error, from one connection to a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.lib import generators
from interop.lib.pair import Pair
from interop.origins.nginx import Nginx
from interop.tests.conftest import SUBJECT

LONG = pytest.mark.long


@pytest.fixture(scope="module", params=[1, 2], ids=["one loop", "two loops"])
def pair(request, tmp_path_factory):
  folder = tmp_path_factory.mktemp("files")
  with Nginx(folder, Path(tmp_path_factory.mktemp("nginx"))) as nginx:
    with Pair(nginx.url, subject=SUBJECT, loops=request.param) as pair:
      yield pair
      pair.check()


@pytest.mark.parametrize("requests, connections, streams", [
  (3_000, 1, 1), (20_000, 1, 100), (20_000, 100, 4), (20_000, 1000, 1),
  pytest.param(1_000_000, 1, 64, marks=LONG), pytest.param(1_000_000, 100, 10, marks=LONG),
  pytest.param(1_000_000, 1000, 1, marks=LONG)])
def test_h2load(pair, requests, connections, streams):
  load = generators.h2load(pair.port, "/hello", requests=requests, connections=connections, streams=streams, limit=1200)
  assert (load.done, load.failed) == (requests, 0)


@pytest.mark.parametrize("connections", [1, 1000])
def test_h2load_over_http1(pair, connections):
  load = generators.h2load(pair.port, "/hello", requests=4_000, connections=connections, http1=True)
  assert (load.done, load.failed) == (4_000, 0)


@pytest.mark.parametrize("seconds, connections", [
  (2, 1), (2, 50), (3, 1000), pytest.param(60, 100, marks=LONG), pytest.param(60, 1000, marks=LONG)])
def test_wrk(pair, seconds, connections):
  load = generators.wrk(pair.port, "/hello", seconds=seconds, connections=connections)
  assert load.failed == 0
  assert load.done > 100
