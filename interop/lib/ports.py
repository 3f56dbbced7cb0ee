"""Free ports on loopback, and knowing when somebody listens on one, in whichever network namespace."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from . import accounts
from .process import Process
from .waiting import wait_until

TABLES = {"tcp": ("tcp", "tcp6"), "udp": ("udp", "udp6")}
LISTENING = "0A"
"""The state of a listening TCP socket in the kernel's table."""


def free_port() -> int:
  """A port that is free now for TCP and for UDP, on IPv4 and IPv6 loopback. No port is given out twice by one process."""
  while True:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
      tcp.bind(("127.0.0.1", 0))
      port = tcp.getsockname()[1]
      if port in _given:
        continue
      try:
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
          with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.bind((host, port))
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as six:
          six.bind(("::1", port))
      except OSError:
        continue
    _given.add(port)
    return port


def accepts_tcp(port: int, host: str = "127.0.0.1") -> bool:
  """Whether a TCP connection to the port succeeds."""
  try:
    with socket.create_connection((host, port), timeout=1):
      return True
  except OSError:
    return False


def wait_for_tcp(port: int, limit: float = 15, *, unless=None) -> None:
  """Returns when the port accepts connections; `unless` may raise to give up early."""
  wait_until(lambda: accepts_tcp(port), limit, f"nobody listens on TCP {port}", unless=unless)


def listens(process: Process, port: int, transport: str | None = None) -> bool:
  """Whether the process, or one that it started, listens on the TCP port or is bound to the UDP port; "tcp" or "udp" asks for one."""
  own = set().union(*(_sockets(pid) for pid in accounts.tree(process.pid)))
  tables = [table for name, both in TABLES.items() if transport in (None, name) for table in both]
  wanted = f":{port:04X}"
  return any(
    columns[1].endswith(wanted) and columns[9] in own and (table.startswith("udp") or columns[3] == LISTENING)
    for table in tables for columns in _table(process.pid, table))


def wait_for_listener(process: Process, port: int, limit: float = 15, *, transport: str | None = None) -> None:
  """Returns when `listens`; raises Died if the process ends before that."""
  wait_until(lambda: listens(process, port, transport), limit, f"{process.name} does not listen on port {port}", unless=process.check)


def udp_ports(pid: int) -> set[int]:
  """The UDP ports that a process has bound."""
  own = _sockets(pid)
  return {int(columns[1].rpartition(":")[2], 16) for table in TABLES["udp"] for columns in _table(pid, table) if columns[9] in own} - {0}


def _sockets(pid: int) -> set[str]:
  """The inodes of the sockets that a process has open; none when it has ended."""
  folder, found = Path(f"/proc/{pid}/fd"), set()
  for descriptor in os.listdir(folder) if folder.exists() else []:
    try:
      target = os.readlink(folder / descriptor)
    except FileNotFoundError:  # Closed since.
      continue
    if target.startswith("socket:["):
      found.add(target[8:-1])
  return found


def _table(pid: int, name: str) -> list[list[str]]:
  """The kernel's table of sockets in the process's namespace, split into columns; empty when it has ended."""
  path = Path(f"/proc/{pid}/net/{name}")
  return [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []


_given: set[int] = set()
