"""The origin behind a gateway: a folder of files under /files/, and what the test origin does otherwise."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from ...origins.exchange import Exchange
from ...origins.origin import Origin

PIECE = 65536


class FileOrigin(Origin):
  """The test origin with a folder of files."""

  def __init__(self, folder: Path, port: int) -> None:
    super().__init__(port)
    self._folder = folder

  async def do_files(self, exchange: Exchange, name: str) -> None:
    """The file of that name."""
    path = self._folder / "files" / name
    if "/" in name or not path.is_file():
      await exchange.answer(404, b"no such file\n")
      return
    data = path.read_bytes()
    await exchange.head(200, [("content-type", "application/octet-stream")], length=len(data))
    for at in range(0, len(data), PIECE):
      await exchange.send(data[at:at + PIECE])
    await exchange.finish()


def main() -> None:
  with FileOrigin(Path(sys.argv[1]), int(sys.argv[2])):
    while True:
      time.sleep(3600)


if __name__ == "__main__":
  main()
