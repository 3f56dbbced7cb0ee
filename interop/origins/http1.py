"""The test origin's HTTP/1.1: strict in what it reads, so that a gateway's mistakes are seen."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import AsyncIterator

from .behaviours import Behaviours
from .exchange import ClientGone, Exchange, Fields

LIMIT = 1 << 20


class Http1Exchange(Exchange):
  """One request of a keep-alive connection."""

  wire = "http1"

  def __init__(self, method: str, target: str, fields: Fields, version: str, reader: asyncio.StreamReader,
               writer: asyncio.StreamWriter) -> None:
    host = next((value for name, value in fields if name.lower() == "host"), "")
    super().__init__(method, target, host, fields)
    self.version = version
    self.closes = version == "HTTP/1.0" or (self.field("connection") or "").lower() == "close"
    self._reader, self._writer = reader, writer
    self._chunked = self._consumed = False

  async def body(self) -> AsyncIterator[bytes]:
    self._consumed = True
    try:
      if (self.field("transfer-encoding") or "").lower() == "chunked":
        async for piece in self._chunks():
          yield piece
        return
      left = int(self.field("content-length") or 0)
      while left:
        piece = await self._reader.read(min(left, 65536))
        if not piece:
          raise ClientGone
        left -= len(piece)
        yield piece
    except (ConnectionError, asyncio.IncompleteReadError) as error:
      raise ClientGone from error

  async def _chunks(self) -> AsyncIterator[bytes]:
    while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
      yield await self._reader.readexactly(size)
      if await self._reader.readexactly(2) != b"\r\n":
        raise ClientGone
    self.trailers = await read_fields(self._reader)

  async def interim(self, status: int, fields: Fields) -> None:
    await self._write(_head(status, fields))

  async def head(self, status: int, fields: Fields, *, length: int | None = None, bodiless: bool = False) -> None:
    framing: Fields = []
    if length is not None:
      framing = [("content-length", str(length))]
    elif not bodiless and self.version == "HTTP/1.1":
      framing, self._chunked = [("transfer-encoding", "chunked")], True
    elif not bodiless:
      self.closes = True
    if any(name == "connection" and value == "close" for name, value in fields):
      self.closes = True
    await self._write(_head(status, [*fields, *framing]))

  async def send(self, chunk: bytes) -> None:
    if chunk:
      await self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk)

  async def finish(self, trailers: Fields = ()) -> None:  # type: ignore[assignment]
    if self._chunked:
      await self._write(b"0\r\n" + b"".join(_line(*each) for each in trailers) + b"\r\n")

  async def reset(self) -> None:
    self.closes = True
    self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    self._writer.transport.abort()

  async def gone(self) -> None:
    self.closes = True
    try:
      while await self._reader.read(65536):
        pass
    except ConnectionError:
      pass

  async def drain(self) -> None:
    """Reads what the behaviour left of the body, so that the next request can begin."""
    if not self._consumed and not self.closes:
      async for _ in self.body():
        pass

  async def _write(self, data: bytes) -> None:
    try:
      self._writer.write(data)
      await self._writer.drain()
    except ConnectionError as error:
      raise ClientGone from error


async def serve(behaviours: Behaviours, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
  """Requests of one connection, one after the other."""
  try:
    while True:
      line = (await reader.readuntil(b"\r\n")).decode("latin-1").rstrip("\r\n")
      method, target, version = line.split(" ")
      exchange = Http1Exchange(method, target, await read_fields(reader), version, reader, writer)
      await behaviours.serve(exchange)
      if exchange.closes:
        break
      await exchange.drain()
  except (ClientGone, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
    pass
  finally:
    writer.close()


async def read_fields(reader: asyncio.StreamReader) -> Fields:
  """Lines to the empty one."""
  fields: Fields = []
  while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
    name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
    fields.append((name, value.strip(" \t")))
  return fields


def _head(status: int, fields: Fields) -> bytes:
  return b"HTTP/1.1 %d Because\r\n" % status + b"".join(_line(*each) for each in fields) + b"\r\n"


def _line(name: str, value: str) -> bytes:
  return f"{name}: {value}\r\n".encode("latin-1")
