"""A gRPC server made with grpcio, cleartext HTTP/2, messages of plain bytes: every kind of call, and a memory of cancels."""

from __future__ import annotations

import json
import threading
import time
from concurrent import futures
from typing import Iterator

import grpc

SERVICE = "echo.Echo"
MIB = 1 << 20
OPTIONS = [
  ("grpc.max_receive_message_length", 64 * MIB), ("grpc.max_send_message_length", 64 * MIB),
  ("grpc.max_metadata_size", 64 * 1024), ("grpc.so_reuseport", 0),
]


class GrpcOrigin:
  """Serves until the end of the `with` block."""

  def __init__(self, workers: int = 300, *, port: int = 0) -> None:
    self.cancelled_at: dict[str, float] = {}
    """When (time.monotonic) a call named by its `call` metadata ended before its answer."""
    self.started: set[str] = set()
    self.remaining: dict[str, float | None] = {}
    """Seconds to the deadline that a call brought."""
    self.sent: dict[str, int] = {}
    """Messages that a streaming call has been able to send."""
    self._server = grpc.server(futures.ThreadPoolExecutor(workers), options=OPTIONS)
    self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {
      "Unary": grpc.unary_unary_rpc_method_handler(self._unary),
      "Collect": grpc.stream_unary_rpc_method_handler(self._collect),
      "Spread": grpc.unary_stream_rpc_method_handler(self._spread),
      "Chat": grpc.stream_stream_rpc_method_handler(self._chat),
      "Fail": grpc.unary_unary_rpc_method_handler(self._fail),
      "FailLate": grpc.unary_stream_rpc_method_handler(self._fail_late),
      "Hang": grpc.unary_stream_rpc_method_handler(self._hang),
    })])
    self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")

  @property
  def url(self) -> str:
    return f"h2c://127.0.0.1:{self.port}"

  def __enter__(self) -> GrpcOrigin:
    self._server.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._server.stop(None).wait(5)

  def _unary(self, request: bytes, context: grpc.ServicerContext) -> bytes:
    """The request; its own metadata as JSON come back as initial and binary trailing metadata."""
    self._remember(context)
    metadata = [(name, value) for name, value in context.invocation_metadata() if name.startswith("x-")]
    context.send_initial_metadata([("x-initial", "1"), *((f"{name[:-4]}-back-bin" if name.endswith("-bin") else f"{name}-back", value)
                                                        for name, value in metadata)])
    context.set_trailing_metadata([("x-trailing", "2"), ("x-trailing-bin", bytes(range(256)))])
    return request

  def _collect(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
    self._remember(context)
    count = size = 0
    for request in requests:
      count, size = count + 1, size + len(request)
    return json.dumps([count, size]).encode()

  def _spread(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    """[count, bytes, seconds between] → that many messages."""
    call = self._remember(context)
    count, size, pause = json.loads(request)
    for index in range(count):
      yield b"%08d" % index + b"x" * (size - 8)
      self.sent[call] = index + 1
      if pause:
        time.sleep(pause)

  def _chat(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    self._remember(context)
    for request in requests:
      yield request

  def _fail(self, request: bytes, context: grpc.ServicerContext) -> bytes:
    """Ends with the status and message it is told, before any message: a trailers-only response."""
    code, details = json.loads(request)
    context.set_trailing_metadata([("x-why-bin", b"\x00\x01\xff")])
    context.abort(next(each for each in grpc.StatusCode if each.value[0] == code), details)

  def _fail_late(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    yield b"one"
    yield b"two"
    self._fail(request, context)

  def _hang(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    """One message, and then nothing until the client goes."""
    self._remember(context)
    yield b"begun"
    ended = threading.Event()
    if context.add_callback(ended.set):
      ended.wait(60)

  def _remember(self, context: grpc.ServicerContext) -> str:
    call = dict(context.invocation_metadata()).get("call", "")
    self.started.add(call)
    self.remaining[call] = context.time_remaining()

    def ended() -> None:
      if not context.is_active() and context.code() is None:
        self.cancelled_at[call] = time.monotonic()

    context.add_callback(ended)
    return call
