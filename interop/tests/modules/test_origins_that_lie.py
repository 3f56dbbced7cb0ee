"""Origins that send what they must not: nothing of it is kept, nobody gets it whole, and it costs neither end its memory."""

from __future__ import annotations

import http.client
import io
import random
import time
import urllib.error
import zipfile
import zlib
from typing import Callable

import pytest

pytestmark = pytest.mark.quicgw
MODULE = "example.test/medium"
MEDIUM = f"/{MODULE}/@v/v1.2.3.zip"
SMALL = "/example.test/small/@v"
MEBIBYTE = 1 << 20


def archive(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
  written = io.BytesIO()
  with zipfile.ZipFile(written, "w", method) as zipped:
    for name, content in files:
      zipped.writestr(name, content)
  return written.getvalue()


def module(*more: tuple[str, bytes]) -> bytes:
  prefix = f"{MODULE}@v1.2.3"
  # Larger than what is held back until the check, so that something of it is on its way to the client.
  filler = (f"{prefix}/data.bin", random.Random(5).randbytes(300_000))
  return archive((f"{prefix}/go.mod", f"module {MODULE}\n".encode()), filler, *more)


def understated() -> bytes:
  """Inflates to a gigabyte, and says that it has as many bytes as the name of its month."""
  name = f"{MODULE}@v1.2.3/bomb.go"
  compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
  packed = b"".join([*(compressor.compress(bytes(MEBIBYTE)) for _ in range(1024)), compressor.flush()])
  stored = bytearray(archive((name, packed), method=zipfile.ZIP_STORED))
  for at in _positions(stored, b"PK\x03\x04", 8), _positions(stored, b"PK\x01\x02", 10):
    stored[at:at + 2] = (8).to_bytes(2, "little")
  for at in _positions(stored, b"PK\x03\x04", 22), _positions(stored, b"PK\x01\x02", 24):
    stored[at:at + 4] = (8).to_bytes(4, "little")
  return bytes(stored)


def _positions(content: bytes, signature: bytes, offset: int) -> int:
  return content.rindex(signature) + offset


def overlarge() -> bytes:
  """Says truly that it inflates to 600 MiB, of which the go command takes 500."""
  name = f"{MODULE}@v1.2.3/bomb.go"
  written = io.BytesIO()
  with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped, zipped.open(name, "w") as entry:
    for _ in range(600):
      entry.write(bytes(MEBIBYTE))
  return written.getvalue()


LIES: dict[str, Callable[[], bytes]] = {
  "no zip": lambda: b"PK\x03\x04" + bytes(300_000),
  "out of its folder": lambda: module((f"{MODULE}@v1.2.3/../../../../etc/cron.d/x", b"x")),
  "from the root": lambda: module(("/etc/cron.d/x", b"x")),
  "another module's": lambda: module(("example.test/other@v1.2.3/x.go", b"x")),
  "two of a name": lambda: module((f"{MODULE}@v1.2.3/A.go", b"x"), (f"{MODULE}@v1.2.3/a.go", b"y")),
  "more than it says": understated,
  "too much": overlarge,
}


def resident(world) -> int:
  return world.pair.core.resident_bytes() + world.pair.edge.resident_bytes()


def is_refused(world, path: str) -> bool:
  """What has begun can only be broken off; the rest is told so."""
  try:
    world.get(path).read()
  except urllib.error.HTTPError as error:
    return error.code == 502
  except (OSError, http.client.HTTPException):
    return True
  return False


@pytest.mark.parametrize("lie", LIES)
def test_zips(module_world, lie):
  world = module_world()
  world.host.replaced[MEDIUM] = LIES[lie]()
  before = resident(world)
  start = time.monotonic()
  assert is_refused(world, MEDIUM)
  run = world.go().run("mod", "download", f"{MODULE}@v1.2.3")
  assert run.returncode != 0, run.stdout
  assert time.monotonic() - start < 120
  world.pair.check()
  assert resident(world) - before < 96 * MEBIBYTE
  for folder in (world.edge_folder, world.core_folder):
    assert not list(folder.glob(f"origin/{MODULE}/@v/*.zip"))
  assert world.count('quicgw_module_refused_downloads_total{cause="malformed"}', "core") >= 1


def test_small_files(module_world):
  world = module_world()
  lies = {
    f"{SMALL}/v1.2.3.info": b"<html>sorry</html>", "/example.test/medium/@v/v1.2.3.info": b'{"Version": "v9.9.9"}',
    f"{SMALL}/v1.2.3.mod": b"\0\0\0", "/example.test/medium/@v/v1.2.3.mod": b"<html>sorry</html>", f"{SMALL}/list": b"<!DOCTYPE html>\n",
    "/example.test/small/@latest": b"v1.2.3\n"}
  world.host.replaced.update(lies)
  for path in lies:
    assert is_refused(world, path), path
    for folder in (world.edge_folder, world.core_folder):
      assert not (folder / "origin" / path.lstrip("/")).exists(), path


def test_a_list_without_end(module_world):
  world = module_world()
  world.host.endless.add(f"{SMALL}/list")
  before = resident(world)
  assert is_refused(world, f"{SMALL}/list")
  assert resident(world) - before < 96 * MEBIBYTE


@pytest.mark.parametrize("path", [f"{SMALL}/list", f"{SMALL}/v1.2.3.mod", pytest.param(MEDIUM, marks=pytest.mark.long)])
def test_ten_gigabytes(module_world, path):
  """Announced, or come without an end to see."""
  world = module_world(missing="1s")
  for framing in ("length", "chunked"):
    world.host.huge[path] = (10_000_000_000, framing)
    before, start = resident(world), time.monotonic()
    assert is_refused(world, path), framing
    assert time.monotonic() - start < 200
    world.pair.check()
    assert resident(world) - before < 96 * MEBIBYTE
    # What was refused is not asked for again for a while.
    time.sleep(2.5)
  assert not [file for folder in (world.edge_folder, world.core_folder) for file in folder.rglob("*") if file.stat().st_size > MEBIBYTE]
