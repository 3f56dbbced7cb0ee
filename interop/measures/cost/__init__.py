"""What a pair of gateways costs, over loopback. One file each: `METRICS` names its figures, `measure(subject, scratch, settings)` gives
one sample of them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Metric:
  """One figure: what it is called in tables, its unit, and whether less of it is better."""

  title: str
  unit: str
  less_is_better: bool = True


def names() -> list[str]:
  """All measures of cost, by their files' names."""
  return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))


def measure(name: str) -> ModuleType:
  """The module of one measure."""
  return importlib.import_module(f"{__name__}.{name}")
