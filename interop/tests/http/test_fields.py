"""Fields cross unchanged and in order; those of one connection do not; nobody forges the edge's name."""

from __future__ import annotations

import json

import pytest

from interop.clients.answer import Broken
from interop.lib.certificates import EDGE_NAME


def seen(client, fields=(), target="/seen"):
  answer = client.request("GET", target, fields)
  assert answer.status == 200
  return [(name.lower(), value) for name, value in json.loads(answer.body)["fields"]]


def test_repeated_fields_of_an_answer(client):
  answer = client.request("GET", "/repeated")
  assert answer.every("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
  assert ", ".join(answer.every("x-many")) == "one, two"


def test_repeated_fields_of_a_request(client):
  fields = seen(client, [("x-many", "one"), ("x-other", "o"), ("x-many", "two")])
  assert ", ".join(value for name, value in fields if name == "x-many") == "one, two"


def test_cookies(client):
  fields = seen(client, [("cookie", "a=1; b=2; c=3")])
  assert "; ".join(value for name, value in fields if name == "cookie") == "a=1; b=2; c=3"


def test_cookie_crumbs_are_joined_for_http1(client):
  if client.wire == "http1":
    pytest.skip("HTTP/1.1 clients send one")
  answer = client.request("GET", "/seen", [("cookie", "a=1"), ("cookie", "b=2")])
  told = json.loads(answer.body)
  cookies = [value for name, value in told["fields"] if name.lower() == "cookie"]
  assert "; ".join(cookies) == "a=1; b=2"
  if told["wire"] == "http1":
    assert len(cookies) == 1


@pytest.mark.parametrize("value", ["", "a", "with  two  blanks", 'quoted "text"; x=1',
                                   *(pytest.param(each, marks=pytest.mark.quicgw) for each in ("caf\u00e9", "\u00ff\u00fe"))])
def test_values(client, value):
  assert ("x-value", value) in seen(client, [("x-value", value)])


def test_authority_reaches_the_origin(client):
  answer = client.request("GET", "/seen", [("host", "client.example:81")])
  assert json.loads(answer.body)["authority"] == "client.example:81"


def test_hop_by_hop_fields_of_a_request_end_at_the_edge(client):
  if client.wire == "http2":
    pytest.skip("malformed on HTTP/2")
  fields = seen(client, [("Connection", "close, X-Mine"), ("X-Mine", "1"), ("Keep-Alive", "timeout=9"),
                         ("Proxy-Connection", "x"), ("X-Kept", "1")])
  names = [name for name, _ in fields]
  assert "x-kept" in names
  for gone in ("x-mine", "keep-alive", "proxy-connection"):
    assert gone not in names


def test_hop_by_hop_fields_of_an_answer_end_at_the_core(client):
  answer = client.request("GET", "/hop-by-hop")
  assert answer.first("x-kept") == "yes"
  assert answer.first("proxy-connection") is None
  assert answer.first("keep-alive") != "timeout=77"


def test_te_trailers_stays(client):
  fields = [("TE", "trailers"), ("Connection", "TE")] if client.wire == "http1" else [("te", "trailers")]
  assert ("te", "trailers") in seen(client, fields)


@pytest.mark.quicgw
def test_the_edge_is_named_and_cannot_be_forged(client):
  fields = seen(client, [("quicgw-edge", "somebody-else"), ("Quicgw-Edge", "admin")])
  assert [value for name, value in fields if name == "quicgw-edge"] == [EDGE_NAME]


@pytest.mark.quicgw
def test_via_and_forwarded_are_added(client):
  fields = seen(client, [("host", "client.example")])
  vias = ", ".join(value for name, value in fields if name == "via")
  forwarded = ", ".join(value for name, value in fields if name == "forwarded").lower()
  assert "quicgw" in vias
  assert "host=client.example" in forwarded or 'host="client.example"' in forwarded


@pytest.mark.quicgw
def test_60_kib_of_request_fields(client):
  big = [(f"x-big-{index}", "v" * 10_000) for index in range(6)]
  assert [each for each in seen(client, big) if each[0].startswith("x-big-")] == big


@pytest.mark.quicgw
def test_60_kib_of_answer_fields(client):
  answer = client.request("GET", "/big-field/60000")
  assert answer.status == 200
  assert sum(len(value) for name, value in answer.fields if name.startswith("x-big-")) == 60_000


@pytest.mark.quicgw
@pytest.mark.parametrize("fields", [
  pytest.param([(f"x-big-{index}", "v" * 10_000) for index in range(7)], id="too many bytes"),
  pytest.param([("x-long", "v" * 33_000)], id="a long value"),
  pytest.param([("x" * 300, "v")], id="a long name"),
  pytest.param([(f"x-{index}", "v") for index in range(2500)], id="too many fields"),
])
def test_too_large_fields_are_answered_431(client, fields, pair):
  try:
    assert client.request("GET", "/seen", fields).status == 431
  except Broken as error:
    # HTTP/2 peers may cut the stream or the connection off when the section is beyond what they decode.
    assert client.wire == "http2", error


@pytest.mark.quicgw
def test_too_large_answer_fields_are_502(client):
  answer = client.request("GET", "/big-field/80000")
  assert answer.status == 502
  assert answer.gateway_error == "http_response_header_section_size"
