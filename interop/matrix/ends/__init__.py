"""Who can be an end of a case: quicgw and the foreign stacks. One file each.

A module has `TITLE`, `version()` and, as its roles allow, `fetch(stage, job)`, a client that works off a job, and `serve(stage, offer)`,
a server that listens when it returns. What it cannot do is in two tables, by quicgw's role and then by case: `CANNOT`, where there is
nothing that could be tried, and `LACKS`, where the case is run and shows it each time. `SENDS_BESIDES` says of a client that it
can send a body while it asks for files, `TAKES_BODIES` of a server that it answers a POST to /seen.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

QUICGW = "quicgw"
SERVER, CLIENT = "server", "client"
"""Quicgw's roles: a core, which foreign clients ask; an edge, which asks foreign servers."""
ROLES = (SERVER, CLIENT)
OTHER_V2 = "if it knows version 2, then by RFC 9369's number, and quicgw's library by that of a draft"
"""Why only stacks on the same library can try version 2."""


def peers() -> list[str]:
  """The foreign stacks, by their files' names."""
  names = (each.name for each in pkgutil.iter_modules(__path__))
  return sorted(name for name in names if not name.startswith("_") and name != QUICGW)


def end(name: str) -> ModuleType:
  """The module of one end."""
  if name not in [QUICGW, *peers()]:
    raise LookupError(f"no peer {name!r}; there are: {', '.join(peers())}")
  return importlib.import_module(f"{__name__}.{name}")


def plays(name: str, role: str) -> bool:
  """Whether a peer can stand opposite quicgw in that role at all."""
  return hasattr(end(name), "fetch" if role == SERVER else "serve")
