"""Free ports on loopback, and knowing when somebody listens on one."""

from __future__ import annotations

import socket
from pathlib import Path

from .waiting import wait_until


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


def udp_bound(port: int) -> bool:
  """Whether a UDP socket of this machine is bound to the port."""
  wanted = f":{port:04X}"
  for table in ("/proc/net/udp", "/proc/net/udp6"):
    for line in Path(table).read_text().splitlines()[1:]:
      if line.split()[1].endswith(wanted):
        return True
  return False


def udp_ports(pid: int) -> set[int]:
  """The UDP ports that a process has bound."""
  sockets = set()
  for descriptor in Path(f"/proc/{pid}/fd").iterdir():
    try:
      target = descriptor.readlink().name
    except OSError:
      continue
    if target.startswith("socket:["):
      sockets.add(target[8:-1])
  found = set()
  for table in ("/proc/net/udp", "/proc/net/udp6"):
    for line in Path(table).read_text().splitlines()[1:]:
      columns = line.split()
      if columns[9] in sockets:
        found.add(int(columns[1].rpartition(":")[2], 16))
  return found - {0}


def wait_for_link(port: int, limit: float = 15, *, unless=None) -> None:
  """Returns when a core is there: bound to the UDP port for QUIC, or listening on the TCP port for HTTP/2."""
  wait_until(lambda: udp_bound(port) or accepts_tcp(port), limit, f"no core at port {port}", unless=unless)


_given: set[int] = set()
