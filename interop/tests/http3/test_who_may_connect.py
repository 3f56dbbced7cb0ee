"""The core speaks with nobody whose certificate it cannot take, says why, and goes on with the others."""

from __future__ import annotations

import subprocess

import pytest

from interop.clients.http3 import CERTIFICATE_ALERTS, Http3Client, Refused
from interop.lib import programs
from interop.lib.waiting import wait_until


def assert_refused(pair, leaf, alpn="h3"):
  with pytest.raises(Refused) as refused:
    with Http3Client(pair.plan.core_port, pair.plan.certificates.ca, leaf, alpn=alpn) as client:
      client.request("GET", "/")
  assert refused.value.code is None or refused.value.code in CERTIFICATE_ALERTS, refused.value
  assert_served(pair)


def assert_served(pair):
  with Http3Client.as_edge(pair) as client:
    assert client.request("GET", "/").status == 200


def test_no_certificate(pair):
  assert_refused(pair, None)


def test_a_certificate_of_another_authority(pair, identities):
  assert_refused(pair, identities.foreign)


def test_an_expired_certificate(pair, identities):
  assert_refused(pair, identities.expired)


def test_a_certificate_for_servers(pair, identities):
  assert_refused(pair, identities.for_servers)


@pytest.mark.quicgw
def test_a_certificate_without_a_name(pair, identities):
  with pytest.raises(Refused):
    with Http3Client(pair.plan.core_port, pair.plan.certificates.ca, identities.nameless) as client:
      client.request("GET", "/")
  assert_served(pair)


def test_another_protocol(pair):
  assert_refused(pair, pair.plan.certificates.edge, alpn="hq-interop")


def test_gtlsclient_without_a_certificate(pair, tmp_path):
  run = subprocess.run(
    [programs.system("gtlsclient"), "--exit-on-all-streams-close", "--timeout=3s", f"--download={tmp_path}", "127.0.0.1",
     str(pair.plan.core_port), f"https://core.test:{pair.plan.core_port}/bytes/3000"], capture_output=True, timeout=15)
  assert not (tmp_path / "3000").exists() or (tmp_path / "3000").stat().st_size == 0, run.stdout[-500:]
  assert_served(pair)


@pytest.mark.quicgw
def test_refusals_are_logged_for_people(pair, identities):
  before = len(pair.core.log.read_text())
  assert_refused(pair, identities.expired)
  wait_until(lambda: "expired" in pair.core.log.read_text()[before:].lower(), 3, "no log line says why")
