"""A process that says back what it is sent, on every connection: python -m interop.origins.tcp_echo PORT."""

from __future__ import annotations

import asyncio
import sys


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
  try:
    while data := await reader.read(65536):
      writer.write(data)
      await writer.drain()
  except ConnectionError:
    pass
  finally:
    writer.close()


async def _main(port: int) -> None:
  async with await asyncio.start_server(_serve, "127.0.0.1", port, backlog=4096) as server:
    await server.serve_forever()


if __name__ == "__main__":
  asyncio.run(_main(int(sys.argv[1])))
