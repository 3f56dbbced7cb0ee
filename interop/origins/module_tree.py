"""A GOPROXY as a tree of files, with modules made for the test: small ones, one of 20 MB, one with upper-case letters."""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path

VERSION = "v1.2.3"
LARGE = 20_000_000
MODULES = {
  "example.test/small": 2_000, "example.test/medium": 300_000, "example.test/Upper/Case": 1_000,
  "example.test/nested/deep/module": 40_000, "example.test/large": LARGE, "example.test/another": 5_000, "example.test/tool": 1_000,
}
"""Module → about how many bytes its zip has."""
TOOL = "example.test/tool"
"""A program, which says the name of a module that it needs."""


def write_tree(folder: Path, seed: int = 1) -> dict[str, str]:
  """Writes the tree; module → version."""
  source = random.Random(seed)
  for module, size in MODULES.items():
    for path, content in files(module, VERSION, source.randbytes(size)).items():
      file = folder / path.lstrip("/")
      file.parent.mkdir(parents=True, exist_ok=True)
      file.write_bytes(content)
  return {module: VERSION for module in MODULES}


def files(module: str, version: str, data: bytes) -> dict[str, bytes]:
  """What a GOPROXY serves of a module whose only version this is: path → content."""
  base, info = f"/{_escaped(module)}", json.dumps({"Version": version, "Time": "2024-05-06T07:08:09Z"}).encode()
  mod, archive = _go_mod(module), io.BytesIO()
  with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as written:
    for name, content in (("go.mod", mod), ("code.go", _code(module)), ("data.bin", data)):
      written.writestr(f"{module}@{version}/{name}", content)
  return {
    f"{base}/@latest": info, f"{base}/@v/list": f"{version}\n".encode(), f"{base}/@v/{version}.info": info,
    f"{base}/@v/{version}.mod": mod.encode(), f"{base}/@v/{version}.zip": archive.getvalue()}


def _go_mod(module: str) -> str:
  needs = f"\nrequire example.test/small {VERSION}\n" if module == TOOL else ""
  return f"module {module}\n\ngo 1.19\n{needs}"


def _code(module: str) -> str:
  if module == TOOL:
    return 'package main\n\nimport "example.test/small"\n\nfunc main() { println("with", small.Name) }\n'
  return f"package {module.rsplit('/')[-1].lower()}\n\nconst Name = {json.dumps(module)}\n"


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
