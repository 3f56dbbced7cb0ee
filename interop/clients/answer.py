"""An answer as a client saw it, whichever wire brought it."""

from __future__ import annotations

from dataclasses import dataclass, field


class Broken(Exception):
  """The answer ended before its end: a reset, or a connection that closed. `partial` is what had come."""

  def __init__(self, why: str, partial: Answer | None = None) -> None:
    super().__init__(why)
    self.partial = partial


@dataclass
class Answer:
  """Status, fields in order with names in lower case, body and trailers; interim responses before them."""

  status: int = 0
  fields: list[tuple[str, str]] = field(default_factory=list)
  body: bytes = b""
  trailers: list[tuple[str, str]] = field(default_factory=list)
  interim: list[Answer] = field(default_factory=list)

  def first(self, name: str) -> str | None:
    """The first field of that name."""
    return next((value for each, value in self.fields if each == name), None)

  def every(self, name: str) -> list[str]:
    """All fields of that name."""
    return [value for each, value in self.fields if each == name]

  @property
  def gateway_error(self) -> str | None:
    """The error type that the last member of Proxy-Status names (RFC 9209)."""
    for member in reversed((self.first("proxy-status") or "").split(",")):
      for parameter in member.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "error":
          return value
    return None
