"""What can carry requests across a link: pairs of gateways, and nothing but TLS over TCP. One file each; adding one is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
  """All subjects, by their files' names."""
  return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))


def gateways() -> list[str]:
  """The subjects that are an edge and a core."""
  return [name for name in names() if hasattr(subject(name), "edge")]


def subject(name: str) -> ModuleType:
  """The module of one subject: `version()`, `LINK`, what crosses the link: h2, h3, or tls where there are no gateways, and `LIVENESS`, how
  it keeps a link without traffic and finds a dead one.

  Gateways have `core(plan)` and `edge(plan)`, which give command lines; a subject without them has `CONGESTION`, the kernel's control.
  """
  if name not in names():
    raise LookupError(f"no subject {name!r}; there are: {', '.join(names())}")
  return importlib.import_module(f"{__name__}.{name}")
