"""Secrets out of a file in the form of NSS's key log, as SSLKEYLOGFILE makes programs write it."""

from __future__ import annotations

from pathlib import Path

CLIENT, SERVER, SERVER_HANDSHAKE = "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "SERVER_HANDSHAKE_TRAFFIC_SECRET"


def secrets(path: Path, label: str) -> dict[bytes, bytes]:
  """The secrets of that label, by the client's random."""
  if not path.exists():
    return {}
  lines = (line.split() for line in path.read_text().splitlines())
  return {bytes.fromhex(parts[1]): bytes.fromhex(parts[2]) for parts in lines if len(parts) == 3 and parts[0] == label}
