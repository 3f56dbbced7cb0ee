"""One request at the test origin, whichever wire brought it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import AsyncIterator
from urllib.parse import parse_qs, urlsplit

Fields = list[tuple[str, str]]


class ClientGone(Exception):
  """The client reset the request or its connection ended."""


class Exchange(ABC):
  """A request as it came, and the verbs to answer it. Wires subclass it."""

  wire: str

  def __init__(self, method: str, target: str, authority: str, fields: Fields) -> None:
    self.method = method
    self.target = target
    self.authority = authority
    self.fields = fields
    self.trailers: Fields = []
    """The request's trailers, once its body has been read."""

  @property
  def path(self) -> str:
    return urlsplit(self.target).path

  @property
  def query(self) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

  def field(self, name: str) -> str | None:
    """The first field of that name."""
    return next((value for each, value in self.fields if each.lower() == name), None)

  @abstractmethod
  def body(self) -> AsyncIterator[bytes]:
    """The request's body as it arrives; raises ClientGone."""

  @abstractmethod
  async def interim(self, status: int, fields: Fields) -> None:
    """Sends a 1xx response."""

  @abstractmethod
  async def head(self, status: int, fields: Fields, *, length: int | None = None, bodiless: bool = False) -> None:
    """Sends the head of the answer. Without a length the body is chunked; `bodiless` answers end here."""

  @abstractmethod
  async def send(self, chunk: bytes) -> None:
    """Sends a piece of the body and waits while the client does not read."""

  @abstractmethod
  async def finish(self, trailers: Fields = ()) -> None:  # type: ignore[assignment]
    """Ends the answer."""

  @abstractmethod
  async def reset(self) -> None:
    """Breaks the answer off: RST_STREAM, or a TCP reset."""

  @abstractmethod
  async def gone(self) -> None:
    """Returns when the client has gone."""

  async def answer(self, status: int, body: bytes = b"", fields: Fields = ()) -> None:  # type: ignore[assignment]
    """A whole answer with a known length."""
    bodiless = self.method == "HEAD" or status in (204, 304)
    await self.head(status, list(fields), length=None if status in (204, 304) else len(body), bodiless=bodiless)
    if not bodiless:
      await self.send(body)
      await self.finish()
