"""A results folder while it grows: figures.csv, table.md and settings.json, written anew with each part."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from .circumstances import write_circumstances
from .figure import Figure, write_figures
from .summary import summary


class Report:
  """Parts in the order in which they came, each with its figures and its text."""

  def __init__(self, folder: Path, circumstances: dict) -> None:
    self.folder = folder
    self._circumstances = circumstances
    self._parts: dict[str, tuple[list[Figure], str]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    self._write()

  def put(self, title: str, figures: list[Figure], text: str, *, pictures: Sequence[Path] = (), notes: dict | None = None) -> None:
    """Writes a part, in place of what it was before; `notes` go into settings.json under its title."""
    images = "".join(f"\n![{path.stem}]({path.relative_to(self.folder)})\n" for path in pictures)
    self._parts[title] = (figures, f"## {title}\n\n{text}{images}")
    if notes is not None:
      self._circumstances[title] = notes
    self._write()

  @property
  def table(self) -> str:
    """The whole text."""
    parts = [self._head(), summary(self._figures()), *(text for _, text in self._parts.values())]
    return "\n".join(part for part in parts if part)

  def _head(self) -> str:
    machine, settings = self._circumstances["machine"], self._circumstances["settings"]
    versions = ", ".join(f"{name}: {version}" for name, version in self._circumstances["versions"].items())
    look = "**A look (--quick): not for quoting.**\n\n" if settings["quick"] else ""
    return (f"# {self.folder.name}\n\n{look}{self._circumstances['begun']}, {machine['cpu']}, {machine['cores']} cores, kernel {machine['kernel']}, "
            f"seed {settings['seed']}. {versions}. Everything else is in settings.json.\n")

  def _figures(self) -> list[Figure]:
    return [figure for figures, _ in self._parts.values() for figure in figures]

  def _write(self) -> None:
    write_circumstances(self.folder, self._circumstances)
    write_figures(self.folder, self._figures())
    (self.folder / "table.md").write_text(self.table)
