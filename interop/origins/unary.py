"""nghttpd as an origin of unary gRPC calls: each gets the message of a file, and trailers.

With --echo-upload nghttpd writes each request's content into a file below /tmp first, and on ext4 that costs more than a call costs two
gateways: it, and not they, would say how many calls there are in a second.
"""

from __future__ import annotations

from pathlib import Path

from ..lib import ports, programs
from ..lib.process import Process

MESSAGE = b"\0\0\0\0\x07message"
PATH = "/echo.Echo/Unary"


class UnaryOrigin(Process):
  """Listens on `port` of loopback; what it needs, and the file with the message to send, is in `folder`."""

  def __init__(self, folder: Path, name: str = "origin") -> None:
    self.port = ports.free_port()
    self.message = folder / PATH[1:]
    self.message.parent.mkdir(exist_ok=True)
    self.message.write_bytes(MESSAGE)
    argv = [programs.system("nghttpd"), "--no-tls", "--trailer", "grpc-status: 0", "-d", folder, str(self.port)]
    super().__init__(name, argv, folder)
    ports.wait_for_tcp(self.port, unless=self.check)

  @property
  def call(self) -> dict[str, object]:
    """What generators.h2load needs to know of a call."""
    return {"path": PATH, "body": self.message, "fields": ("content-type: application/grpc", "te: trailers")}
