"""Every kind of gRPC call from the cloud to a server on the edge, and ends that are seen there: the tests of the other direction."""

from __future__ import annotations

from typing import Iterator

import pytest

from interop.clients.grpc_calls import Echo
from interop.lib.cloud import Cloud
from interop.origins.grpc_origin import GrpcOrigin
from interop.tests.grpc.test_calls_that_end_early import *  # noqa: F403 - the same tests over other fixtures
from interop.tests.grpc.test_every_kind_of_call import *  # noqa: F403

pytestmark = pytest.mark.quicgw


@pytest.fixture(scope="module")
def origin() -> Iterator[GrpcOrigin]:
  with GrpcOrigin() as origin:
    yield origin


@pytest.fixture(scope="module")
def pair(origin: GrpcOrigin, module_cloud) -> Cloud:
  cloud = module_cloud({"echo": {"service": "echo", "edge": "edge-1"}})
  cloud.edge(expose={"echo": origin.url}).start_and_wait()
  return cloud


@pytest.fixture
def echo(pair: Cloud) -> Iterator[Echo]:
  with Echo(pair.port) as echo:
    yield echo
