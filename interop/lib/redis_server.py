"""A Redis server of a test's own, with a password: killed, stopped, started again, and looked into."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from . import ports, programs
from .process import Process

PASSWORD = "open sesame"


class RedisServer:
  """Keeps nothing on disk; each start is an empty one. Runs inside a `with` block."""

  def __init__(self, folder: Path, *arguments: str) -> None:
    """In a folder that is made for it, with further `arguments` of redis-server."""
    folder.mkdir()
    self.folder, self.port, self._arguments = folder, ports.free_port(), arguments
    self.password_file = folder / "password"
    self.password_file.write_text(PASSWORD + "\n")
    self.process: Process | None = None

  @property
  def address(self) -> str:
    return f"127.0.0.1:{self.port}"

  def start(self) -> None:
    self.process = Process("redis", [
      programs.system("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
      str(self.folder), "--requirepass", PASSWORD, *self._arguments], self.folder)
    ports.wait_for_listener(self.process, self.port, transport="tcp")

  def kill(self) -> None:
    self.process.kill()

  def pause(self) -> None:
    """It keeps its connections and says nothing more."""
    self.process.signal(signal.SIGSTOP)

  def go_on(self) -> None:
    self.process.signal(signal.SIGCONT)

  def ask(self, *command: str, value: bytes | None = None) -> bytes:
    """The reply to a command, whose last argument may be any bytes."""
    argv = [str(programs.system("redis-cli")), "-p", str(self.port), "-a", PASSWORD, "--no-auth-warning"]
    argv += ["-x"] if value is not None else []
    return subprocess.run([*argv, *command], input=value, capture_output=True, timeout=20, check=True).stdout.rstrip(b"\n")

  def keys(self) -> list[str]:
    return sorted(self.ask("keys", "*").decode().split())

  def __enter__(self) -> RedisServer:
    self.start()
    return self

  def __exit__(self, *_: object) -> None:
    self.kill()
