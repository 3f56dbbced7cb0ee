"""Pairs and origins that tests share, and the choice of what is tested.

INTEROP_SUBJECT=envoy_h3 (or another of interop/subjects) runs the tests against a stand-in; what only quicgw promises is left out.
"""

from __future__ import annotations

import os
from typing import Callable, Iterator

import pytest

from interop.clients.http1 import Http1Client
from interop.clients.http2 import Http2Client
from interop.lib import programs
from interop.lib.pair import Pair
from interop.origins.origin import Origin

SUBJECT = os.environ.get("INTEROP_SUBJECT", "quicgw")
CLIENTS = {"http1": Http1Client, "http2": Http2Client}


def pytest_configure(config: pytest.Config) -> None:
  config.addinivalue_line("markers", "quicgw: a promise of quicgw's own, not asked of stand-ins")
  config.addinivalue_line("markers", "namespaces: needs root and network namespaces; QUICGW_WITHOUT_NAMESPACES=1 leaves it out where there are none")
  config.addinivalue_line("markers", "long: part of the long form, run by interop/run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
  wants_long = "long or" in (config.getoption("-m") or "")
  for item in items:
    if SUBJECT != "quicgw" and item.get_closest_marker("quicgw"):
      item.add_marker(pytest.mark.skip(reason=f"not asked of {SUBJECT}"))
    if item.get_closest_marker("long") and not wants_long:
      item.add_marker(pytest.mark.skip(reason="long form: interop/run"))


def pytest_report_header() -> str:
  from interop import subjects

  return f"subject: {SUBJECT}, {subjects.subject(SUBJECT).version()}"


@pytest.fixture(scope="session", autouse=True)
def _there_is_a_subject() -> None:
  if SUBJECT == "quicgw" and not programs.have_quicgw():
    pytest.exit("quicgw is not built: swift build -c release --product quicgw", 2)


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
  """The test origin, one for a file."""
  with Origin() as origin:
    yield origin


@pytest.fixture(scope="module", params=["http1", "h2c"])
def pair(request: pytest.FixtureRequest, origin: Origin) -> Iterator[Pair]:
  """An edge and a core before the test origin, which the core reaches by HTTP/1.1 and by cleartext HTTP/2."""
  url = origin.http1_url if request.param == "http1" else origin.h2c_url
  with Pair(url, subject=SUBJECT) as pair:
    yield pair
    pair.check()


@pytest.fixture(params=["http1", "http2"])
def client(request: pytest.FixtureRequest, pair: Pair) -> Iterator[Http1Client | Http2Client]:
  """A fresh connection to the edge, once by HTTP/1.1 and once by HTTP/2."""
  with CLIENTS[request.param](pair.port) as client:
    yield client


@pytest.fixture
def new_pair() -> Iterator[Callable[..., Pair]]:
  """Makes pairs that a test may break; with `linked=False` without waiting for the link."""
  yield from _pairs()


@pytest.fixture(scope="module")
def module_pair() -> Iterator[Callable[..., Pair]]:
  """The same for a whole file."""
  yield from _pairs()


def _pairs() -> Iterator[Callable[..., Pair]]:
  made: list[Pair] = []

  def make(services: dict[str, str] | str, *, linked: bool = True, subject: str = SUBJECT, **plan: object) -> Pair:
    pair = Pair(services, subject=subject, **plan)
    made.append(pair)
    return pair.start(linked=linked)

  yield make
  for pair in made:
    pair.report()
    pair.stop()
