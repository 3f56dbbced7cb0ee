"""One look for each subject in all plots."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")


@dataclass(frozen=True)
class Look:
  """How a subject's line is drawn."""

  colour: str
  dashes: str
  width: float = 1.6


LOOKS = {
  "quicgw": Look("#d62728", "-", 2.8), "tls_tcp_cubic": Look("#7f7f7f", ":"), "tls_tcp_bbr": Look("#111111", ":"),
  "envoy_h2": Look("#1f77b4", "--"), "envoy_h3": Look("#1f77b4", "-"), "caddy_h2": Look("#2ca02c", "--"), "caddy_h3": Look("#2ca02c", "-")}
"""One colour a product; solid for HTTP/3, dashed for HTTP/2, dotted without a gateway."""
OTHERS = ("#9467bd", "#8c564b", "#e377c2", "#bcbd22", "#17becf")


def look(subject: str) -> Look:
  """A known subject's own, or one of a few others by its name."""
  return LOOKS.get(subject) or Look(OTHERS[sum(subject.encode()) % len(OTHERS)], "-.")
