"""A grpcio server behind the core and a grpcio channel at the edge."""

from __future__ import annotations

from typing import Iterator

import pytest

from interop.clients.grpc_calls import Echo, call_crosses
from interop.lib.pair import Pair
from interop.origins.grpc_origin import GrpcOrigin
from interop.tests.conftest import SUBJECT


@pytest.fixture(scope="package")
def origin() -> Iterator[GrpcOrigin]:
  with GrpcOrigin() as origin:
    yield origin


@pytest.fixture(scope="package")
def pair(origin: GrpcOrigin) -> Iterator[Pair]:
  with Pair(origin.url, subject=SUBJECT, probe=call_crosses) as pair:
    yield pair
    pair.check()


@pytest.fixture
def echo(pair: Pair) -> Iterator[Echo]:
  with Echo(pair.port) as echo:
    yield echo
