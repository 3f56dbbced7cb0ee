"""Results folders: figures, circumstances, tables, and the comparison of two of them."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "results"
OWN = "quicgw"
"""The subject beside which the others stand."""
