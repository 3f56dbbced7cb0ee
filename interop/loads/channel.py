"""grpcio's channels to a target, with the options that people set who call across bad networks."""

from __future__ import annotations

import grpc
import grpc.aio

from ..origins.grpc_origin import SERVICE
from .target import Target

RECONNECTION = {"grpc.initial_reconnect_backoff_ms": 100, "grpc.min_reconnect_backoff_ms": 5000, "grpc.max_reconnect_backoff_ms": 1000}
"""A second's pause after the first refused connection, grpcio's default, would be all that is seen of a restart. (The middle one is how
long an attempt may take.)"""
KEEP_ALIVE = {"grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 5000, "grpc.http2.max_pings_without_data": 0}
"""Across a NAT one sets these, else a connection whose path is gone is found dead by the kernel after a quarter of an hour."""
UNARY = f"/{SERVICE}/Unary"
CHAT = f"/{SERVICE}/Chat"


def options(target: Target) -> dict[str, object]:
  """What the channel to a target is made with."""
  found: dict[str, object] = {"grpc.use_local_subchannel_pool": 1, "grpc.enable_http_proxy": 0, **RECONNECTION}
  if target.certificates:
    found |= {**KEEP_ALIVE, "grpc.ssl_target_name_override": target.server_name}
  return found


def open_channel(target: Target) -> grpc.aio.Channel:
  """One channel: one connection, as an application has it, whichever number of callers share it."""
  chosen = list(options(target).items())
  if not target.certificates:
    return grpc.aio.insecure_channel(target.address, options=chosen)
  own = target.certificates.edge
  credentials = grpc.ssl_channel_credentials(
    target.certificates.ca.read_bytes(), own.key.read_bytes(), own.certificate.read_bytes())
  return grpc.aio.secure_channel(target.address, credentials, options=chosen)
