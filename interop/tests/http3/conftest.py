"""A core whose UDP port foreign clients call with the edge's certificate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

from interop.lib.certificates import Authority, Leaf, LinkCertificates
from interop.lib.pair import Pair
from interop.origins.origin import Origin
from interop.tests.conftest import SUBJECT


@dataclass(frozen=True)
class Identities:
  """Client certificates that the core must not take, and the authority of the one that it must."""

  foreign: Leaf
  expired: Leaf
  nameless: Leaf
  for_servers: Leaf


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
  return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="package")
def identities(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Identities:
  stranger = Authority(tmp_path_factory.mktemp("foreign"), "another CA")
  return Identities(
    foreign=stranger.issue("stranger", edge=True, hosts=("edge-1",)),
    expired=authority.issue("expired", edge=True, hosts=("edge-1",), days=-1),
    nameless=authority.issue("nameless", edge=True),
    for_servers=authority.issue("server", core=True, hosts=("edge-1",)))


@pytest.fixture(scope="package")
def certificates(authority: Authority) -> LinkCertificates:
  authority.issue("core", core=True, hosts=("core.test", "localhost", "127.0.0.1", "::1"))
  authority.issue("edge", edge=True, hosts=("edge-1",))
  return LinkCertificates.in_folder(Path(authority.folder))


@pytest.fixture(scope="package")
def origin() -> Iterator[Origin]:
  with Origin() as origin:
    yield origin


@pytest.fixture(scope="package")
def pair(origin: Origin, certificates: LinkCertificates) -> Iterator[Pair]:
  with Pair(origin.http1_url, subject=SUBJECT, certificates=certificates) as pair:
    yield pair
    pair.check()
