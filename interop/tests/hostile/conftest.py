"""A pair that is fed what it must refuse; after each test it must still serve, and the origin must not have seen a marker."""

from __future__ import annotations

from typing import Iterator

import pytest

from interop.clients.http1 import Http1Client
from interop.lib.pair import Pair
from interop.origins.origin import Origin
from interop.tests.conftest import SUBJECT

MARKER = "/smuggled"
"""A target that no refused request may bring to the origin."""


@pytest.fixture(scope="package")
def origin() -> Iterator[Origin]:
  with Origin() as origin:
    yield origin


@pytest.fixture(scope="package")
def pair(origin: Origin) -> Iterator[Pair]:
  with Pair(origin.http1_url, subject=SUBJECT) as pair:
    yield pair


@pytest.fixture(autouse=True)
def unharmed(pair: Pair, origin: Origin) -> Iterator[None]:
  """Both processes live, requests cross, and nothing was smuggled."""
  origin.requests.clear()
  yield
  pair.check()
  with Http1Client(pair.port, limit=5) as client:
    assert client.request("GET", "/").body == b"hello\n"
  assert not [each for each in origin.requests if MARKER in each[1]], "a refused request reached the origin"
