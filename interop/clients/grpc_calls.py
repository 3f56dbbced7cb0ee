"""grpcio's stubs for the echo service, without generated code."""

from __future__ import annotations

import grpc

from ..origins.grpc_origin import OPTIONS, SERVICE


class Echo:
  """A channel to the edge and a callable for each method."""

  def __init__(self, port: int, *, own_connection: bool = True, options: list[tuple[str, object]] = ()) -> None:  # type: ignore[assignment]
    more = [("grpc.use_local_subchannel_pool", 1)] if own_connection else []
    self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[*OPTIONS, *more, *options])
    self.unary = self.channel.unary_unary(f"/{SERVICE}/Unary")
    self.collect = self.channel.stream_unary(f"/{SERVICE}/Collect")
    self.spread = self.channel.unary_stream(f"/{SERVICE}/Spread")
    self.chat = self.channel.stream_stream(f"/{SERVICE}/Chat")
    self.fail = self.channel.unary_unary(f"/{SERVICE}/Fail")
    self.fail_late = self.channel.unary_stream(f"/{SERVICE}/FailLate")
    self.hang = self.channel.unary_stream(f"/{SERVICE}/Hang")
    self.missing = self.channel.unary_unary(f"/{SERVICE}/Missing")

  def __enter__(self) -> Echo:
    return self

  def __exit__(self, *_: object) -> None:
    self.channel.close()


def call_crosses(port: int) -> bool:
  """Whether a small call reaches the origin now."""
  with Echo(port) as echo:
    try:
      return echo.unary(b"probe", timeout=5) == b"probe"
    except grpc.RpcError:
      return False
