"""Where callers call: the edge's plain port on loopback, or an origin across the link by TLS with a certificate of their own."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from ..lib.certificates import LinkCertificates


@dataclass(frozen=True)
class Target:
  """A host and a port; `certificates` where the caller itself has to prove who it is and to check whom it speaks to."""

  host: str
  port: int
  server_name: str
  certificates: LinkCertificates | None = None

  @property
  def address(self) -> str:
    return f"{self.host}:{self.port}"

  def connect(self, limit: float, protocol: str) -> socket.socket:
    """A connection, over TLS 1.3 with the protocol's name in ALPN where there are certificates."""
    plain = socket.create_connection((self.host, self.port), timeout=limit)
    if not self.certificates:
      return plain
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.certificates.ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(self.certificates.edge.certificate, self.certificates.edge.key)
    context.set_alpn_protocols([protocol])
    return context.wrap_socket(plain, server_hostname=self.server_name)
