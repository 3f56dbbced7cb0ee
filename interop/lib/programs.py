"""Where the programs are: quicgw's own build, the wheels in the virtual environment, Debian's packages."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

REPOSITORY = Path(__file__).resolve().parents[2]
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class ProgramMissing(Exception):
  """A program that is needed is not installed; the message says how to get it."""


def quicgw() -> Path:
  """The gateway under test: $QUICGW, else the newer of the release and the debug build."""
  if given := os.environ.get("QUICGW"):
    return Path(given)
  return _built("quicgw", "QUICGW")


def have_quicgw() -> bool:
  """Whether there is a quicgw that can be run."""
  return _exists(quicgw)


def quicgw_link() -> Path:
  """The rig's userspace link: $QUICGW_LINK, else the newer of the release and the debug build."""
  if given := os.environ.get("QUICGW_LINK"):
    return Path(given)
  return _built("quicgw-link", "QUICGW_LINK")


def have_quicgw_link() -> bool:
  """Whether there is a quicgw-link that can be run."""
  return _exists(quicgw_link)


def envoy() -> Path:
  """Envoy out of its wheel, not the Python script before it."""
  return _in_package("envoy", "_bin/envoy")


def go() -> Path:
  """The go command out of its wheel; GOROOT is the package's folder."""
  return _in_package("go", "bin/go")


def debian_go() -> Path:
  """The go command of Debian 12, which knows neither toolchains as modules nor checksums of them."""
  return system("/usr/lib/go-1.19/bin/go")


def caddy() -> Path:
  """Caddy, which its wheel puts into the environment's bin folder."""
  return system("caddy")


def system(name: str) -> Path:
  """A program of the virtual environment or of the system."""
  import sys

  found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), SBIN]))
  if not found:
    raise ProgramMissing(f"{name} is not installed: run interop/venv")
  return Path(found)


def version(argv: list[str | Path]) -> str:
  """The first line a program says about its version."""
  run = subprocess.run([str(part) for part in argv], capture_output=True, text=True, timeout=20)
  lines = [line.strip() for line in (run.stdout + run.stderr).splitlines() if line.strip()]
  return lines[0] if lines else "unknown"


def _built(product: str, variable: str) -> Path:
  builds = [REPOSITORY / ".build" / kind / product for kind in ("release", "debug")]
  built = [path for path in builds if path.exists()]
  if not built:
    raise ProgramMissing(f"{product} is not built: run `swift build -c release --product {product}`, or set {variable}")
  return max(built, key=lambda path: path.stat().st_mtime)


def _exists(program: Callable[[], Path]) -> bool:
  try:
    return program().exists()
  except ProgramMissing:
    return False


def _in_package(package: str, path: str) -> Path:
  spec = importlib.util.find_spec(package)
  if spec is None or not spec.submodule_search_locations:
    raise ProgramMissing(f"the Python package of {package} is not installed: run interop/venv")
  return Path(spec.submodule_search_locations[0]) / path
