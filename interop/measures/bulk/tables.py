"""The tables of bulk: transfers, and calls beside them; a line a figure, a column a subject."""

from __future__ import annotations

from ...loads.download import PAUSE_S
from ...loads.own_lateness import LIMIT_MS
from .. import Settings
from ..results.figure import Figure
from ..results.pivot import pivot
from .figures import CALLS, NAMES
from .job import RATE
from .transfers import STALL_S, limit_s

ABOUT = """A client reads over HTTP/1.1 from nginx, as fast as bytes come; the time runs from its first packet to the last byte, for the
subjects without a gateway TLS's handshake included. A transfer ends after {limit:g} s, whole or not, and its goodput is what came by then.
Medians of repetitions, in brackets their interval (of fewer than six: from the least to the greatest). Stalls are times of more than
{stall:g} s without a byte; pauses of less than {pause:g} s are not noted. The large file has {large:g} MiB.
"""
BESIDE = """Calls of 100 bytes, {rate:g}/s, from the time at which each should have been sent; first alone, then while the large file is read
beside them. A gateway carries both on one connection; without one the transfer has a connection of its own.
Where the callers' own timers were late by more than {late:g} ms (P99), nothing is said to be better or worse by them.
"""


def tables(figures: list[Figure], subjects: list[str], settings: Settings) -> str:
  """Everything of one profile."""
  moved = [figure for figure in figures if figure.cell in NAMES]
  calls = [figure for figure in figures if figure.cell in CALLS]
  about = ABOUT.format(limit=limit_s(settings), stall=STALL_S, pause=PAUSE_S, large=settings.bulk_bytes / (1 << 20))
  return "\n".join([about, pivot(moved, subjects), BESIDE.format(rate=RATE, late=LIMIT_MS), pivot(calls, subjects)])
