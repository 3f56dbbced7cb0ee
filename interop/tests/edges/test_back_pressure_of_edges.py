"""Slow clients in the cloud and slow origins on the edge hold back their own streams: the tests of the other direction."""

from __future__ import annotations

import pytest

from interop.lib import accounts
from interop.lib.cloud import Cloud
from interop.lib.process import Process
from interop.tests.load.test_back_pressure import (  # noqa: F401 - the same tests over other fixtures
  nginx, test_200_stalled_readers, test_a_slow_origin_holds_back_its_own_client, test_one_slow_reader)

pytestmark = pytest.mark.quicgw


class CloudAsPair:
  """A core and one edge, as what the tests of the other direction look at."""

  core_growth = 48 << 20
  """Up to the link's budget of 32 MiB waits at the core for clients that read nothing, and 200 connections come on top: 25 to 33 MiB, on a
  busy machine 39."""

  def __init__(self, cloud: Cloud, url: str) -> None:
    self.port = cloud.port
    self.core: Process = cloud.core
    self.edge: Process = cloud.edge(expose={"web": url}, log={"access": False}).start_and_wait().process

  def cpu_seconds(self) -> float:
    return accounts.total_cpu(process.pid for process in (self.core, self.edge))


@pytest.fixture
def new_pair(new_cloud):
  def make(url: str, *, linked: bool = True) -> CloudAsPair:
    return CloudAsPair(new_cloud({"web": {"service": "web", "edge": "edge-1"}}, log={"access": False}), url)

  return make


@pytest.fixture
def pair(nginx, new_pair) -> CloudAsPair:
  return new_pair(nginx.url)
