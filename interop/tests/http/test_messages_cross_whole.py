"""Heads, bodies, trailers and interim responses reach the other side as they were sent, on every pair of wires."""

from __future__ import annotations

import hashlib
import json

import pytest

from interop.origins.behaviours import PATTERN


def pattern(count: int) -> bytes:
  return (PATTERN * (count // len(PATTERN) + 1))[:count]


def test_a_request_without_a_body(client):
  answer = client.request("GET", "/seen?a=1&b=%2F")
  seen = json.loads(answer.body)
  assert (answer.status, seen["method"], seen["target"], seen["size"]) == (200, "GET", "/seen?a=1&b=%2F", 0)
  assert not any(name.lower() == "transfer-encoding" for name, _ in seen["fields"])


@pytest.mark.parametrize("size", [0, 1, 16_384, 65_535, 1_000_003])
def test_a_body_of_known_length(client, size):
  body = pattern(size)
  seen = json.loads(client.request("POST", "/seen", [("content-type", "x/y")], body).body)
  assert (seen["size"], seen["sha256"]) == (size, hashlib.sha256(body).hexdigest())
  lengths = [value for name, value in seen["fields"] if name.lower() == "content-length"]
  assert lengths == [str(size)]


def test_a_body_of_unknown_length(client):
  pieces = [pattern(10_000)] * 30
  seen = json.loads(client.request("POST", "/seen", [], iter(pieces)).body)
  assert (seen["size"], seen["sha256"]) == (300_000, hashlib.sha256(b"".join(pieces)).hexdigest())
  assert not any(name.lower() == "content-length" for name, _ in seen["fields"])


@pytest.mark.parametrize("target", ["/bytes/0", "/bytes/1", "/bytes/1000003", "/bytes/1000003?chunked=1"])
def test_an_answer_with_a_body(client, target):
  size = int(target.split("/")[2].split("?")[0])
  answer = client.request("GET", target)
  assert (answer.status, answer.body) == (200, pattern(size))
  assert answer.first("content-length") == (None if "chunked" in target else str(size))


def test_many_requests_on_one_connection(client):
  for index in range(50):
    answer = client.request("POST", f"/seen?{index}", [], b"x" * index)
    assert (answer.status, answer.gateway_error) == (200, None), answer
    assert json.loads(answer.body)["size"] == index


@pytest.mark.parametrize("status", [200, 201, 204, 304, 400, 404, 418, 500, 503])
def test_a_status(client, status):
  answer = client.request("GET", f"/status/{status}")
  assert answer.status == status
  assert answer.first("etag") == '"v1"'
  assert answer.body == (b"" if status in (204, 304) else b"status\n")
  assert client.request("GET", "/").body == b"hello\n"


def test_head_has_the_length_and_no_body(client):
  answer = client.request("HEAD", "/bytes/12345")
  assert (answer.status, answer.first("content-length"), answer.body) == (200, "12345", b"")
  assert client.request("GET", "/").body == b"hello\n"


@pytest.mark.quicgw
def test_trailers_of_an_answer(client):
  answer = client.request("GET", "/trailers", [("te", "trailers")])
  assert answer.body == b"before the trailers"
  assert answer.trailers == [("x-checksum", "abc123"), ("x-count", "1")]


@pytest.mark.quicgw
def test_trailers_of_a_request(client):
  fields = [("trailer", "x-sum")]
  seen = json.loads(client.request("POST", "/seen", fields, iter([b"some", b"thing"]), [("x-sum", "77")]).body)
  assert (seen["size"], [[n.lower(), v] for n, v in seen["trailers"]]) == (9, [["x-sum", "77"]])


@pytest.mark.quicgw
def test_interim_responses(client):
  answer = client.request("GET", "/hints")
  assert [each.status for each in answer.interim] == [103, 103]
  assert [each.first("link") for each in answer.interim] == [
    "</style.css>; rel=preload; as=style", "</script.js>; rel=preload; as=script"]
  assert (answer.status, answer.body) == (200, b"hinted\n")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", pytest.param("X-OWN", marks=pytest.mark.quicgw)])
def test_any_method(client, method):
  assert json.loads(client.request(method, "/seen", [], b"body").body)["method"] == method
