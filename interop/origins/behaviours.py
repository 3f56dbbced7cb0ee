"""What the test origin does, by path: every shape of answer that a gateway has to carry."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from typing import Awaitable, Callable

from .exchange import ClientGone, Exchange

CHUNK = 16384
PATTERN = bytes(range(256)) * (CHUNK // 256)


class Behaviours:
  """The origin's paths and its memory of what it saw."""

  def __init__(self) -> None:
    self.requests: list[tuple[str, str]] = []
    """Method and target of every request, in order."""
    self.gone_at: dict[str, float] = {}
    """When (time.monotonic) the client of a path went away before its answer was complete."""
    self.sent: dict[str, int] = {}
    """Bytes of body that a path has been able to send so far."""

  async def serve(self, exchange: Exchange) -> None:
    """Answers one request."""
    self.requests.append((exchange.method, exchange.target))
    name, _, rest = exchange.path.lstrip("/").partition("/")
    behaviour: Callable[[Exchange, str], Awaitable[None]] | None = getattr(self, f"do_{name.replace('-', '_')}", None)
    try:
      if behaviour is None:
        await exchange.answer(200 if not name else 404, b"hello\n" if not name else b"no such path\n")
      else:
        await behaviour(exchange, rest)
    except ClientGone:
      self.gone_at[exchange.target] = time.monotonic()

  async def do_seen(self, exchange: Exchange, _: str) -> None:
    """Says what arrived: line, fields, body's length and hash, trailers."""
    size, digest = await _consume(exchange)
    seen = {
      "method": exchange.method, "target": exchange.target, "authority": exchange.authority, "fields": exchange.fields,
      "size": size, "sha256": digest, "trailers": exchange.trailers, "wire": exchange.wire}
    await exchange.answer(200, json.dumps(seen).encode(), [("content-type", "application/json")])

  async def do_status(self, exchange: Exchange, status: str) -> None:
    """An answer with that status; 304 has an ETag and no body."""
    await _consume(exchange)
    await exchange.answer(int(status), b"" if status in ("204", "304") else b"status\n", [("etag", '"v1"')])

  async def do_bytes(self, exchange: Exchange, count: str) -> None:
    """COUNT bytes of a known pattern; ?chunked=1 without a length."""
    size = int(count)
    bodiless = exchange.method == "HEAD"
    await exchange.head(200, [], length=None if "chunked" in exchange.query else size, bodiless=bodiless)
    if bodiless:
      return
    left = size
    while left:
      piece = PATTERN[:left]
      await exchange.send(piece)
      left -= len(piece)
      self.sent[exchange.target] = size - left
    await exchange.finish()

  async def do_echo(self, exchange: Exchange, _: str) -> None:
    """Sends each piece of the body back as it comes; ends with the request's trailers."""
    await exchange.head(200, [("content-type", "application/octet-stream")])
    async for piece in exchange.body():
      await exchange.send(piece)
    await exchange.finish(exchange.trailers)

  async def do_trailers(self, exchange: Exchange, _: str) -> None:
    """A body and two trailers."""
    await _consume(exchange)
    await exchange.head(200, [("trailer", "x-checksum, x-count")])
    await exchange.send(b"before the trailers")
    await exchange.finish([("x-checksum", "abc123"), ("x-count", "1")])

  async def do_hints(self, exchange: Exchange, _: str) -> None:
    """Two 103 responses, then 200."""
    await exchange.interim(103, [("link", "</style.css>; rel=preload; as=style")])
    await exchange.interim(103, [("link", "</script.js>; rel=preload; as=script")])
    await exchange.answer(200, b"hinted\n")

  async def do_continue(self, exchange: Exchange, _: str) -> None:
    """Sends 100 to who expects it, and then reads."""
    if exchange.field("expect") == "100-continue":
      await exchange.interim(100, [])
    size, digest = await _consume(exchange)
    await exchange.answer(200, json.dumps({"size": size, "sha256": digest}).encode())

  async def do_refuse(self, exchange: Exchange, _: str) -> None:
    """Answers 417 without reading the body."""
    await exchange.answer(417, b"not wanted\n", [("connection", "close")] if exchange.wire == "http1" else [])

  async def do_repeated(self, exchange: Exchange, _: str) -> None:
    """Fields that come several times and must not be joined or lost."""
    repeated = [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/"), ("x-many", "one"), ("x-many", "two")]
    await exchange.answer(200, b"repeated\n", repeated)

  async def do_big_field(self, exchange: Exchange, count: str) -> None:
    """An answer with COUNT bytes of fields, in values of at most 8000."""
    left, fields = int(count), []
    while left > 0:
      fields.append((f"x-big-{len(fields)}", "v" * min(left, 8000)))
      left -= 8000
    await exchange.answer(200, b"big\n", fields)

  async def do_hop_by_hop(self, exchange: Exchange, _: str) -> None:
    """An answer whose connection fields must not get through."""
    hop = [("keep-alive", "timeout=77"), ("proxy-connection", "keep-alive")] if exchange.wire == "http1" else []
    await exchange.answer(200, b"hop\n", [*hop, ("x-kept", "yes")])

  async def do_hang(self, exchange: Exchange, _: str) -> None:
    """Never answers; remembers when the client has gone."""
    await exchange.gone()
    raise ClientGone

  async def do_hang_after(self, exchange: Exchange, count: str) -> None:
    """A head and COUNT bytes of a longer body, then silence."""
    await exchange.head(200, [], length=int(count) + 1)
    await exchange.send(b"x" * int(count))
    await exchange.gone()
    raise ClientGone

  async def do_die(self, exchange: Exchange, count: str) -> None:
    """Dies after COUNT bytes of a longer body; without a count before any answer; ?chunked=1 without a length."""
    if count:
      await exchange.head(200, [], length=None if "chunked" in exchange.query else int(count) + 100_000)
      await exchange.send(b"x" * int(count))
      # The gateway must have seen the bytes before it sees the end, or there is nothing to tell apart.
      await asyncio.sleep(0.1)
    await exchange.reset()

  async def do_slow(self, exchange: Exchange, count: str) -> None:
    """COUNT ticks, one each 100 ms; each must arrive when it was sent."""
    await exchange.head(200, [])
    for tick in range(int(count)):
      await exchange.send(f"tick {tick}\n".encode())
      await asyncio.sleep(0.1)
    await exchange.finish()

  async def do_wait(self, exchange: Exchange, seconds: str) -> None:
    """An answer after that many seconds."""
    await asyncio.sleep(float(seconds))
    await exchange.answer(200, b"waited\n")


async def _consume(exchange: Exchange) -> tuple[int, str]:
  digest, size = hashlib.sha256(), 0
  async for piece in exchange.body():
    digest.update(piece)
    size += len(piece)
  return size, digest.hexdigest()
