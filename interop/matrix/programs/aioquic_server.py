"""A server on aioquic that gives the files of a folder and demands a client certificate: `aioquic_server OPTIONS.json`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import sys
from pathlib import Path

from aioquic import tls
from aioquic.asyncio import serve
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import HandshakeCompleted, QuicEvent

UPDATE_AFTER = 0.05
"""Seconds after the first request, when its file is still going out."""


class AskingContext(tls.Context):
  """TLS that asks its client for a certificate, for which aioquic has no public switch."""

  def __init__(self, *arguments: object, **named: object) -> None:
    super().__init__(*arguments, **named)  # type: ignore[arg-type]
    self._request_client_certificate = True


class FileServer(QuicConnectionProtocol):
  """Answers GET with the file of that path and POST with what came."""

  folder: Path
  updates_keys: bool

  def __init__(self, *arguments: object, **named: object) -> None:
    super().__init__(*arguments, **named)  # type: ignore[arg-type]
    self._http: H3Connection | None = None
    self._requests: dict[int, tuple[dict[bytes, bytes], bytearray]] = {}

  def quic_event_received(self, event: QuicEvent) -> None:
    if isinstance(event, HandshakeCompleted) and not self._quic.tls._peer_certificate:
      self._quic.close(error_code=0x100 + 116, reason_phrase="a client certificate is required")
    self._http = self._http or H3Connection(self._quic)
    for each in self._http.handle_event(event):
      self._take(each)
    self.transmit()

  def _take(self, event: H3Event) -> None:
    if isinstance(event, HeadersReceived):
      self._requests.setdefault(event.stream_id, (dict(event.headers), bytearray()))
    elif isinstance(event, DataReceived):
      self._requests[event.stream_id][1].extend(event.data)
    if isinstance(event, (HeadersReceived, DataReceived)) and event.stream_ended:
      self._answer(event.stream_id, *self._requests.pop(event.stream_id))

  def _answer(self, stream: int, head: dict[bytes, bytes], body: bytearray) -> None:
    path = self.folder / head[b":path"].decode().lstrip("/")
    if head[b":method"] == b"POST":
      answer = json.dumps({"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}).encode()
    else:
      answer = path.read_bytes() if path.is_file() else b""
    status = b"200" if answer else b"404"
    self._http.send_headers(stream, [(b":status", status), (b"content-length", str(len(answer)).encode())])
    self._http.send_data(stream, answer, True)
    if self.updates_keys:
      self.updates_keys = False
      self._loop.call_later(UPDATE_AFTER, self.request_key_update)


async def main() -> None:
  options = json.loads(Path(sys.argv[1]).read_text())
  tls.Context = AskingContext  # type: ignore[misc]
  configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"], verify_mode=ssl.CERT_REQUIRED)
  configuration.load_cert_chain(options["certificate"], options["key"])
  configuration.load_verify_locations(options["ca"])
  if options["only_chacha20"]:
    configuration.cipher_suites = [tls.CipherSuite.CHACHA20_POLY1305_SHA256]
  FileServer.folder, FileServer.updates_keys = Path(options["folder"]), options["update_keys"]
  await serve(options["host"], options["port"], configuration=configuration, create_protocol=FileServer, retry=options["retry"])
  await asyncio.Future()


if __name__ == "__main__":
  asyncio.run(main())
