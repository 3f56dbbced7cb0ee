"""A project as people build them: thirty modules that need each other, four deep, with a checksum database over them, as plain files."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

from .module_host import ChecksumDatabase

LAYERS = (8, 9, 8, 5)
"""How many modules the project needs itself, how many those need besides, and so on."""
MEDIAN_BYTES, SPREAD, LARGEST = 60_000, 1.5, 4_000_000
"""Zips' sizes are log-normal, as those of a module proxy roughly are: half of them small, a few with most of the bytes."""


def write_project(folder: Path, seed: int = 1) -> tuple[dict[str, str], ChecksumDatabase]:
  """Writes a GOPROXY for any web server. What the project's go.mod has to require, module → version; and the database."""
  source = random.Random(seed)
  names = [[f"example.test/layer{depth}/part{number}" for number in range(count)] for depth, count in enumerate(LAYERS)]
  versions = {name: f"v1.{source.randrange(20)}.{source.randrange(20)}" for layer in names for name in layer}
  for depth, layer in enumerate(names):
    for number, name in enumerate(layer):
      below = names[depth + 1] if depth + 1 < len(names) else []
      # Everything of a layer is needed by something above it.
      needed = {each for place, each in enumerate(below) if place % len(layer) == number} | set(source.sample(below, min(2, len(below))))
      size = min(LARGEST, int(source.lognormvariate(0, SPREAD) * MEDIAN_BYTES))
      _write_module(folder, name, versions[name], {each: versions[each] for each in sorted(needed)}, source.randbytes(size))
  database = ChecksumDatabase(folder)
  database.write(folder)
  return {name: versions[name] for name in names[0]}, database


def write_user(folder: Path, modules: dict[str, str]) -> None:
  """The project's own package, which uses every module that it requires; go.mod is `GoCommand.require`'s."""
  (folder / "user.go").write_text(_code("user", modules))


def _write_module(folder: Path, name: str, version: str, needed: dict[str, str], data: bytes) -> None:
  versions = folder / name / "@v"
  versions.mkdir(parents=True)
  requirements = "".join(f"require {module} {needed[module]}\n" for module in needed)
  mod, info = f"module {name}\n\ngo 1.19\n\n{requirements}", json.dumps({"Version": version, "Time": "2024-05-06T07:08:09Z"})
  (versions / "list").write_text(f"{version}\n")
  (versions.parent / "@latest").write_text(info)
  (versions / f"{version}.info").write_text(info)
  (versions / f"{version}.mod").write_text(mod)
  with zipfile.ZipFile(versions / f"{version}.zip", "w", zipfile.ZIP_STORED) as archive:
    for file, content in {"go.mod": mod, "code.go": _code(name.rsplit("/")[-1], needed), "data.bin": data}.items():
      archive.writestr(f"{name}@{version}/{file}", content)


def _code(package: str, needed: dict[str, str]) -> str:
  imports = "".join(f"import m{number} \"{name}\"\n" for number, name in enumerate(needed))
  uses = "".join(f" + m{number}.Name()" for number in range(len(needed)))
  return f"package {package}\n\n{imports}\nfunc Name() string {{ return \"{package}\"{uses} }}\n"
