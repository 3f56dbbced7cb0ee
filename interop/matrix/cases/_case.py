"""What a case is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..evidence.connections import Connection
from ..evidence.trace import Trace
from ..stage import Failed, Stage


class Case(ABC):
  """One case: what is done, and what must have been seen for it to be passed."""

  name: str
  """As the QUIC Interop Runner calls it."""
  about: str
  limit: float = 60
  """Seconds, after which it has failed."""
  profile: str | None = None
  """The link's profile, in namespaces; None for loopback."""
  host: str = "127.0.0.1"
  """The server's address on loopback."""
  fast: bool = False
  """Whether it belongs to the selection that every build runs."""

  @abstractmethod
  def run(self, stage: Stage) -> str:
    """Does it; says what was seen. Raises Failed, and Missing when quicgw did not do what the case is about."""


def the_only_connection(trace: Trace) -> Connection:
  """The connection, when there is one and no other."""
  if len(trace.connections) != 1:
    raise Failed(f"{len(trace.connections)} connections were made for what one can carry")
  return trace.connections[0]


def counted(number: int, what: str) -> str:
  """`1 datagram`, `2 datagrams`."""
  return f"{number} {what}" + ("" if number == 1 else "s")
