"""No gateway at all: clients speak TLS 1.3 with their own certificates to the origin, over the kernel's TCP; the files beside this one choose
its congestion control. Every client that would otherwise go through an edge has a connection of its own across the link."""

from __future__ import annotations

import platform

from ..loads.channel import KEEP_ALIVE

LINK = "tls"
LIVENESS = {"of the callers": KEEP_ALIVE}


def version(congestion: str) -> str:
  return f"TCP of Linux {platform.release()}, {congestion}"
