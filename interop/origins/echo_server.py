"""The echo service as a process, for a namespace of its own: unary calls and long streams, cleartext or TLS with a client certificate.

python -m interop.origins.echo_server HOST PORT [CERTIFICATES_FOLDER] runs until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import AsyncIterator

import grpc
import grpc.aio

from ..lib.certificates import LinkCertificates
from .grpc_origin import SERVICE

PINGS = [("grpc.http2.min_ping_interval_without_data_ms", 1000), ("grpc.http2.max_ping_strikes", 0), ("grpc.so_reuseport", 0)]
"""Clients that keep their connections alive are not sent away for it."""


async def _unary(request: bytes, _: grpc.aio.ServicerContext) -> bytes:
  return request


async def _chat(requests: AsyncIterator[bytes], _: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
  async for request in requests:
    yield request


async def serve(host: str, port: int, certificates: LinkCertificates | None) -> None:
  """Serves for ever."""
  server = grpc.aio.server(options=PINGS)
  server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {
    "Unary": grpc.unary_unary_rpc_method_handler(_unary), "Chat": grpc.stream_stream_rpc_method_handler(_chat)})])
  address = f"{host}:{port}"
  if certificates:
    own = (certificates.core.key.read_bytes(), certificates.core.certificate.read_bytes())
    server.add_secure_port(address, grpc.ssl_server_credentials([own], certificates.ca.read_bytes(), require_client_auth=True))
  else:
    server.add_insecure_port(address)
  await server.start()
  await server.wait_for_termination()


def main() -> None:
  host, port, *certificates = sys.argv[1:]
  asyncio.run(serve(host, int(port), LinkCertificates.in_folder(Path(certificates[0])) if certificates else None))


if __name__ == "__main__":
  main()
