"""A GOPROXY as a tree of files, with modules made for the test: small ones, one of 20 MB, one with upper-case letters."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

VERSION = "v1.2.3"
LARGE = 20_000_000
MODULES = {
  "example.test/small": 2_000, "example.test/medium": 300_000, "example.test/Upper/Case": 1_000,
  "example.test/nested/deep/module": 40_000, "example.test/large": LARGE, "example.test/another": 5_000,
}
"""Module → about how many bytes its zip has."""


def write_tree(folder: Path, seed: int = 1) -> dict[str, str]:
  """Writes the tree; module → version."""
  source = random.Random(seed)
  for module, size in MODULES.items():
    versions = folder / _escaped(module) / "@v"
    versions.mkdir(parents=True)
    (versions / "list").write_text(f"{VERSION}\n")
    (versions / f"{VERSION}.info").write_text(json.dumps({"Version": VERSION, "Time": "2024-05-06T07:08:09Z"}))
    (versions / f"{VERSION}.mod").write_text(f"module {module}\n\ngo 1.19\n")
    (versions.parent / "@latest").write_text(json.dumps({"Version": VERSION, "Time": "2024-05-06T07:08:09Z"}))
    with zipfile.ZipFile(versions / f"{VERSION}.zip", "w", zipfile.ZIP_STORED) as archive:
      prefix = f"{module}@{VERSION}"
      archive.writestr(f"{prefix}/go.mod", f"module {module}\n\ngo 1.19\n")
      archive.writestr(f"{prefix}/code.go", f"package {module.rsplit('/')[-1].lower()}\n\nconst Name = {json.dumps(module)}\n")
      archive.writestr(f"{prefix}/data.bin", source.randbytes(size))
  return {module: VERSION for module in MODULES}


def write_toolchain(folder: Path, name: str, size: int = 70_000_000) -> None:
  """Writes a toolchain as the go command fetches one: a module whose bin/go says that it was run."""
  version = f"v0.0.1-{name}.linux-amd64"
  versions = folder / "golang.org/toolchain/@v"
  versions.mkdir(parents=True)
  (versions / f"{version}.mod").write_text("module golang.org/toolchain\n")
  (versions / f"{version}.info").write_text(json.dumps({"Version": version, "Time": "2024-05-06T07:08:09Z"}))
  with zipfile.ZipFile(versions / f"{version}.zip", "w", zipfile.ZIP_STORED) as archive:
    prefix = f"golang.org/toolchain@{version}"
    archive.writestr(f"{prefix}/bin/go", "#!/bin/sh\necho the toolchain that was downloaded\n")
    for name in ("bin/gofmt", "lib/text"):
      archive.writestr(f"{prefix}/{name}", "something\n")
    archive.writestr(f"{prefix}/pkg/tool/data.bin", random.Random(1).randbytes(size))


def _escaped(module: str) -> str:
  """The protocol's escaping: an upper-case letter becomes ! and the lower-case one."""
  return "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in module)
