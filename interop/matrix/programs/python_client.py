"""A client on aioquic or on qh3, whose interfaces are alike: `python_client JOB STACK`."""

from __future__ import annotations

import asyncio
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from .job import CHACHA20, Job

AT_ONCE = 250
"""Requests under way at once: qh3 raises where it would have to wait for the peer to allow another stream, and a peer tells of a part
of its limit at a time."""
SUITES = {CHACHA20: "CHACHA20_POLY1305_SHA256"}
MOVE_AFTER = 100_000
"""Bytes of the first file that have come before the client moves."""


@dataclass(frozen=True)
class Stack:
  """One of the two libraries."""

  name: str

  def module(self, path: str) -> ModuleType:
    return importlib.import_module(f"{self.name}.{path}")


class Answers:
  """What has come on the request streams of one connection; made into a protocol of either stack by `protocol`."""

  def __init__(self) -> None:
    self.status: dict[int, int] = {}
    self.bodies: dict[int, bytearray] = {}
    self.ended: dict[int, asyncio.Event] = {}
    self.some = asyncio.Event()
    """Set when a part of a body has come, and when the connection has ended."""
    self.closed: str | None = None


def protocol(stack: Stack) -> type:
  """A protocol that reads HTTP/3 answers."""
  events, h3, kinds = stack.module("quic.events"), stack.module("h3.connection"), stack.module("h3.events")

  class Protocol(stack.module("asyncio.protocol").QuicConnectionProtocol):
    def __init__(self, *arguments: object, **named: object) -> None:
      super().__init__(*arguments, **named)
      self.http, self.answers = None, Answers()

    def quic_event_received(self, event: object) -> None:
      if isinstance(event, events.ConnectionTerminated):
        self.answers.closed = f"closed with 0x{event.error_code:x} {event.reason_phrase}"
        for each in self.answers.ended.values():
          each.set()
        self.answers.some.set()
      self.http = self.http or h3.H3Connection(self._quic)
      for each in self.http.handle_event(event):
        self._take(each)

    def _take(self, event: object) -> None:
      if isinstance(event, kinds.HeadersReceived):
        status = int(dict(event.headers)[b":status"])
        if status >= 200:
          self.answers.status[event.stream_id] = status
      elif isinstance(event, kinds.DataReceived):
        self.answers.bodies[event.stream_id] += event.data
        self.answers.some.set()
      if getattr(event, "stream_ended", False):
        self.answers.ended[event.stream_id].set()

    def ask(self, fields: list[tuple[bytes, bytes]], body: bytes | None = None) -> int:
      self.http = self.http or h3.H3Connection(self._quic)
      stream = self._quic.get_next_available_stream_id()
      self.answers.bodies[stream], self.answers.ended[stream] = bytearray(), asyncio.Event()
      self.http.send_headers(stream, fields, body is None)
      if body is not None:
        self.http.send_data(stream, body, True)
      return stream

  return Protocol


class Client:
  """Works off a job."""

  def __init__(self, stack: Stack, job: Job) -> None:
    self.stack, self.job, self.wish = stack, job, job.wish
    self.ticket = None

  async def run(self) -> None:
    for number, paths in enumerate(self.job.rounds):
      for left in reversed(range(self.job.tries)):
        try:
          await self._round(paths, number, number == len(self.job.rounds) - 1)
          break
        except ConnectionError as error:
          print(f"round {number}: {error!r}, {left} tries left", flush=True)
          if not left:
            raise

  async def _round(self, paths: list[str], number: int, last: bool) -> None:
    early = self.wish.early_data and number > 0
    connect = self.stack.module("asyncio.client").connect
    async with connect(self.job.host, self.job.port, configuration=self._configuration(number), create_protocol=protocol(self.stack),
                       session_ticket_handler=self._keep, wait_connected=not early) as client:
      if self.wish.update_keys:
        await self._get(client, paths[:1])
        client.request_key_update()
        paths = paths[1:]
      posted = client.ask(self._fields("POST", "/seen"), Path(self.job.post).read_bytes()) if self.job.post and last else None
      for at in range(0, len(paths), AT_ONCE):
        await self._get(client, paths[at:at + AT_ONCE])
      if posted is not None:
        client.transmit()
        await self._answer(client, "/seen", posted)
      if self.wish.resume and not last:
        await self._until(lambda: self.ticket, "no session ticket came")

  async def _get(self, client, paths: list[str]) -> None:
    """Asks for files at once."""
    asked = [(path, client.ask(self._fields("GET", path))) for path in paths]
    client.transmit()
    if self.wish.move:
      await self._move(client, asked[0][1])
    for path, stream in asked:
      await self._answer(client, path, stream)

  def _configuration(self, number: int):
    job, stack = self.job, self.stack
    made = stack.module("quic.configuration").QuicConfiguration(is_client=True, alpn_protocols=["h3"], server_name=job.server_name)
    made.load_verify_locations(job.ca)
    made.load_cert_chain(job.certificate, job.key)
    if self.wish.only_chacha20:
      made.cipher_suites = [stack.module("tls").CipherSuite[SUITES[CHACHA20]]]
    if self.wish.first_version is not None:
      made.supported_versions = [self.wish.first_version, *made.supported_versions]
      made.original_version = self.wish.first_version
    if self.wish.resume and number > 0:
      made.session_ticket = self.ticket
    return made

  def _keep(self, ticket: object) -> None:
    self.ticket = ticket

  def _fields(self, method: str, path: str) -> list[tuple[bytes, bytes]]:
    pairs = [(":method", method), (":scheme", "https"), (":authority", self.job.authority), (":path", path)]
    return [(name.encode(), value.encode()) for name, value in pairs]

  async def _answer(self, client, path: str, stream: int) -> None:
    answers: Answers = client.answers
    await answers.ended[stream].wait()
    if answers.closed:
      raise ConnectionError(f"{path}: {answers.closed}")
    if answers.status.get(stream) != 200:
      raise ConnectionError(f"{path} answered {answers.status.get(stream)}: {bytes(answers.bodies[stream][:200])!r}")
    self.job.save(path, bytes(answers.bodies[stream]))

  async def _move(self, client, stream: int) -> None:
    """To a new socket and a new connection ID, when the first file is under way."""
    while len(client.answers.bodies[stream]) < MOVE_AFTER and not client.answers.closed:
      client.answers.some.clear()
      await client.answers.some.wait()
    client._quic.change_connection_id()
    old, loop = client._transport, asyncio.get_running_loop()
    # Both stacks call IPv4 by its addresses in IPv6.
    await loop.create_datagram_endpoint(lambda: client, local_addr=("::", 0))
    old.close()
    client.transmit()
    print("moved", flush=True)

  async def _until(self, condition, otherwise: str) -> None:
    for _ in range(200):
      if condition():
        return
      await asyncio.sleep(0.01)
    raise ConnectionError(otherwise)


def main() -> int:
  job = Job.read(sys.argv[1])
  asyncio.run(asyncio.wait_for(Client(Stack(sys.argv[2]), job).run(), job.limit))
  return 0


if __name__ == "__main__":
  sys.exit(main())
