"""Pairs of gateways that can stand on either end of a link. One file each; adding one is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
  """All subjects, by their files' names."""
  return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))


def subject(name: str) -> ModuleType:
  """The module of one subject: `version()`, `core(plan)` and `edge(plan)`, the latter two giving command lines."""
  if name not in names():
    raise LookupError(f"no subject {name!r}; there are: {', '.join(names())}")
  return importlib.import_module(f"{__name__}.{name}")
