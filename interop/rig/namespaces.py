"""Network namespaces: made, entered, configured, removed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from pathlib import Path
from typing import Sequence

from ..lib import programs
from ..lib.waiting import wait_until

FOLDER = Path("/run/netns")
CLONE_NEWNET = 0x40000000
SYSCTLS = {
  # Everything may answer from anywhere, and one run's TCP learns nothing from another's.
  "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0, "net.ipv4.tcp_no_metrics_save": 1,
  # Addresses work at once, and the kernel puts nothing of its own on the link: what is counted there was sent by somebody.
  "net.ipv6.conf.all.disable_ipv6": 0, "net.ipv6.conf.default.disable_ipv6": 0,
  "net.ipv6.conf.all.accept_dad": 0, "net.ipv6.conf.default.accept_dad": 0, "net.ipv6.conf.default.dad_transmits": 0,
  "net.ipv6.conf.default.accept_ra": 0, "net.ipv6.conf.default.router_solicitations": 0}
_libc = ctypes.CDLL(None, use_errno=True)


class CommandFailed(Exception):
  """A program that configures the network refused; the message has what it said."""


class Namespace:
  """One network namespace by name, and the addresses that others reach it by."""

  def __init__(self, name: str, address: str = "", address6: str = "") -> None:
    self.name = name
    self.address = address
    self.address6 = address6
    self._routes: tuple[str, ...] = ()
    self._congestion_control: str | None = None

  @property
  def path(self) -> Path:
    return FOLDER / self.name

  def create(self) -> None:
    """Makes it, with loopback up."""
    run(["ip", "netns", "add", self.name])
    for key, value in SYSCTLS.items():
      self.sysctl(key, value)
    self.ip("link set lo up")

  def delete(self) -> None:
    """Takes its name away; the kernel removes it with its devices when the last process has left."""
    run(["ip", "netns", "del", self.name])

  def argv(self, argv: Sequence[str | Path]) -> list[str]:
    """A command line that runs another inside; it keeps its process ID."""
    return ["nsenter", f"--net={self.path}", "--", *map(str, argv)]

  def run(self, argv: Sequence[str | Path], *, check: bool = True, input: str | None = None,
          timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs a program inside to its end; CommandFailed with its words if it fails and `check` is on."""
    return run(self.argv(argv), check=check, input=input, timeout=timeout)

  def ip(self, *commands: str) -> None:
    """Commands of ip(8) without the word ip, in one process."""
    run(["ip", "-n", self.name, "-batch", "-"], input="\n".join(commands) + "\n")

  def nft(self, script: str) -> None:
    """A script of nft(8), which takes effect as a whole or not at all."""
    self.run(["nft", "-f", "-"], input=script)

  def sysctl(self, key: str, value: object) -> None:
    """Sets a kernel parameter inside, such as net.ipv4.tcp_rmem."""
    with self.enter():
      Path("/proc/sys", *key.split(".")).write_text(f"{value}\n")

  def set_routes(self, *routes: str) -> None:
    """Where packets go, in the words of ip-route(8); what was set before and is not named again is gone."""
    for route in self._routes:
      if route not in routes:
        self.run(["ip", "route", "del", *route.split()], check=False)  # A removed address takes its routes with it.
    self._routes = routes
    self._install_routes()

  def tcp_congestion_control(self, name: str) -> None:
    """Which algorithm the kernel's TCP uses for connections that are made from now on: cubic, bbr, …"""
    before, self._congestion_control = self._congestion_control, name
    try:
      self._install_routes()
    except CommandFailed as error:
      self._congestion_control = before
      available = Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()
      raise ValueError(f"this kernel has no TCP congestion control {name!r}; there are: {', '.join(available)}") from error

  def _install_routes(self) -> None:
    # By route, because the sysctl takes within a namespace only what the whole machine allows to unprivileged programs.
    control = f" congctl {self._congestion_control}" if self._congestion_control else ""
    if self._routes:
      self.ip(*(f"route replace {route}{control}" for route in self._routes))

  def enter(self) -> Inside:
    """This thread, and the threads and processes that it starts, are inside from now on; used by `with`, until the end of the block."""
    before = open("/proc/thread-self/ns/net", "rb")  # noqa: SIM115, it lives as long as what is returned
    with self.path.open("rb") as own:
      _set_namespace(own.fileno())
    return Inside(before)

  def is_here(self) -> bool:
    """Whether this thread is inside."""
    return _is_same(Path("/proc/thread-self/ns/net"), self.path)

  def processes(self) -> list[int]:
    """Who is inside, by its main thread."""
    # Not `ip netns pids`, which would find itself when this thread is inside.
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _is_same(folder / "ns/net", self.path)]


class Inside:
  """A thread's stay in a namespace; remembers where it came from."""

  def __init__(self, before) -> None:
    self._before = before

  def leave(self) -> None:
    _set_namespace(self._before.fileno())
    self._before.close()

  def __enter__(self) -> Inside:
    return self

  def __exit__(self, *_: object) -> None:
    self.leave()


def run(argv: Sequence[str | Path], *, check: bool = True, input: str | None = None,
        timeout: float = 60) -> subprocess.CompletedProcess[str]:
  """Runs a program to its end; CommandFailed with its words if it fails and `check` is on."""
  argv = [str(programs.system(str(argv[0]))), *map(str, argv[1:])]
  done = subprocess.run(argv, input=input or "", capture_output=True, text=True, timeout=timeout)
  if check and done.returncode:
    said = (done.stderr.strip() or done.stdout.strip())[-1000:]
    raise CommandFailed(f"{' '.join(argv)} failed with {done.returncode}: {said}" + (f"\nits input was:\n{input}" if input else ""))
  return done


def named(prefix: str) -> list[Namespace]:
  """All namespaces whose names begin so."""
  return [Namespace(path.name) for path in sorted(FOLDER.glob(f"{prefix}*"))] if FOLDER.exists() else []


def remove(namespace: Namespace) -> None:
  """Removes a namespace that somebody left behind, with the processes in it; never this process or one that it descends from."""
  own = _ancestors()
  strangers = [pid for pid in namespace.processes() if pid not in own]
  for pid in strangers:
    try:
      os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
      continue
  wait_until(lambda: not set(namespace.processes()) - own, 5, f"processes stay in {namespace.name}")
  namespace.delete()


def _ancestors() -> set[int]:
  found, pid = set(), os.getpid()
  while pid > 1:
    found.add(pid)
    pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
  return found


def _is_same(one: Path, other: Path) -> bool:
  """Whether two files are the same namespace; not when one has gone, or is a process's whom not even root may look at."""
  try:
    return one.samefile(other)
  except (FileNotFoundError, ProcessLookupError, PermissionError):
    return False


def _set_namespace(descriptor: int) -> None:
  # Python has os.setns from 3.12 on.
  if _libc.setns(descriptor, CLONE_NEWNET):
    number = ctypes.get_errno()
    raise OSError(number, f"setns: {os.strerror(number)}")
