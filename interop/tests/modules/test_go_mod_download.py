"""`go mod download` by the real go command through both gateways gives the same modules as without them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from interop.lib import programs
from interop.lib.pair import Pair
from interop.origins.module_tree import MODULES, write_tree
from interop.origins.nginx import Nginx
from interop.tests.conftest import SUBJECT


def download(folder: Path, proxy: str, modules: dict[str, str]) -> dict[str, dict]:
  """Module → what `go mod download -json` says of it, with a module cache of its own."""
  folder.mkdir()
  (folder / "go.mod").write_text(
    "module example.test/user\n\ngo 1.19\n\nrequire (\n" + "".join(f"\t{name} {version}\n" for name, version in modules.items()) + ")\n")
  environment = {
    **os.environ, "GOPROXY": proxy, "GOSUMDB": "off", "GONOSUMDB": "*", "GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local",
    "GOROOT": str(programs.go().parents[1]), "GOPATH": str(folder / "path"), "GOMODCACHE": str(folder / "cache"),
    "GOCACHE": str(folder / "build"), "GOENV": "off", "NO_PROXY": "*", "no_proxy": "*"}
  run = subprocess.run([programs.go(), "mod", "download", "-json"], cwd=folder, env=environment, capture_output=True,
                       text=True, timeout=120)
  assert run.returncode == 0, run.stdout + run.stderr
  decoder, text, found = json.JSONDecoder(), run.stdout, {}
  while text := text.lstrip():
    entry, end = decoder.raw_decode(text)
    found[entry["Path"]] = entry
    text = text[end:]
  return found


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
  tree, scratch = tmp_path_factory.mktemp("modules"), tmp_path_factory.mktemp("nginx")
  modules = write_tree(tree)
  with Nginx(tree, scratch) as nginx:
    yield nginx, modules


@pytest.fixture(scope="module")
def pair(origin):
  with Pair(origin[0].url, subject=SUBJECT) as pair:
    yield pair


def test_hashes_equal_a_direct_download(origin, pair, tmp_path):
  nginx, modules = origin
  direct = download(tmp_path / "direct", nginx.url, modules)
  through = download(tmp_path / "through", f"http://127.0.0.1:{pair.port}", modules)
  assert set(through) == set(MODULES)
  for module, entry in through.items():
    assert (entry["Sum"], entry["GoModSum"]) == (direct[module]["Sum"], direct[module]["GoModSum"]), module
    assert Path(entry["Zip"]).read_bytes() == Path(direct[module]["Zip"]).read_bytes()


def test_eight_at_once(origin, pair, tmp_path):
  from concurrent.futures import ThreadPoolExecutor

  def run(number: int) -> int:
    return len(download(tmp_path / str(number), f"http://127.0.0.1:{pair.port}", origin[1]))

  with ThreadPoolExecutor(8) as pool:
    assert list(pool.map(run, range(8))) == [len(MODULES)] * 8


def test_a_module_that_is_not_there(pair, tmp_path):
  with pytest.raises(AssertionError, match="404"):
    download(tmp_path / "missing", f"http://127.0.0.1:{pair.port}", {"example.test/nowhere": "v1.0.0"})
