"""Caddy and Envoy as the other end of the link, in either role, on one side quicgw."""

from __future__ import annotations

import json

import pytest

from interop.clients.http2 import Http2Client
from interop.lib.pair import Pair
from interop.origins.behaviours import PATTERN
from interop.tests.conftest import SUBJECT


def exercise(pair: Pair) -> None:
  with Http2Client(pair.port) as client:
    assert client.request("GET", "/bytes/1000003").body == (PATTERN * 62)[:1_000_003]
    body = PATTERN * 10
    assert json.loads(client.request("POST", "/seen", [], body).body)["size"] == len(body)
    assert client.request("HEAD", "/bytes/5").first("content-length") == "5"
    assert client.request("GET", "/status/204").status == 204
    streams = [client.open("GET", f"/bytes/{index * 100}", end=True) for index in range(60)]
    assert [len(client.read_answer(stream).body) for stream in streams] == [index * 100 for index in range(60)]


@pytest.mark.parametrize("edge", ["caddy_h3", "envoy_h3"])
def test_a_foreign_edge_before_our_core(origin, certificates, edge):
  with Pair(origin.http1_url, subject=f"{edge}/{SUBJECT}", certificates=certificates) as pair:
    exercise(pair)


@pytest.mark.parametrize("core", ["caddy_h3", "envoy_h3"])
def test_our_edge_before_a_foreign_core(origin, certificates, core):
  with Pair(origin.http1_url, subject=f"{SUBJECT}/{core}", certificates=certificates) as pair:
    exercise(pair)
