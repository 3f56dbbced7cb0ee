"""The real go command, with folders of its own and nothing of this machine's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ..lib import programs


class GoCommand:
  """A module `example.test/user` in a folder that is made for it, and a module cache that begins empty."""

  def __init__(self, folder: Path, proxy: str, *, sumdb: str = "off", program: Path | None = None) -> None:
    self.folder = folder
    self.program = program or programs.go()
    folder.mkdir(parents=True)
    self.environment = {
      **os.environ, "GOPROXY": proxy, "GOSUMDB": sumdb, "GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local", "GONOSUMDB": "",
      "GOPATH": str(folder / "path"), "GOMODCACHE": str(folder / "cache"), "GOCACHE": str(folder / "build"), "GOENV": "off",
      "GOBIN": str(folder / "bin"), "NO_PROXY": "*", "no_proxy": "*", "GOROOT": str(self.program.resolve().parents[1])}

  def require(self, modules: dict[str, str]) -> GoCommand:
    lines = "".join(f"\t{name} {version}\n" for name, version in modules.items())
    (self.folder / "go.mod").write_text(f"module example.test/user\n\ngo 1.19\n\nrequire (\n{lines})\n")
    return self

  def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
      [self.program, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout)

  def start(self, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
      [self.program, *arguments], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

  def zip(self, module: str, version: str) -> bytes:
    """What it has downloaded."""
    escaped = "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in module)
    return (self.folder / "cache" / "cache" / "download" / escaped / "@v" / f"{version}.zip").read_bytes()

  def forget(self) -> None:
    """Begins anew with an empty module cache."""
    shutil.rmtree(self.folder / "cache", ignore_errors=True)
    (self.folder / "go.sum").unlink(missing_ok=True)
