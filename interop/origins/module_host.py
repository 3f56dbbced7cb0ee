"""A GOPROXY that counts what it is asked for, and lies, breaks off or falls silent where a test wants it to."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class ModuleHost:
  """Serves a tree of files as `module_tree.write_tree` makes it, with ranges, and under /sumdb/ a checksum database."""

  def __init__(self, tree: Path, database: ChecksumDatabase | None = None, port: int = 0) -> None:
    self.tree, self.database = tree, database
    self.asked: Counter[str] = Counter()
    """Path → how often it was asked for in whole."""
    self.resumed: Counter[str] = Counter()
    """Path → how often a part of it was."""
    self.break_after: dict[str, list[int]] = {}
    """Path → after how many bytes each next answer breaks off."""
    self.replaced: dict[str, bytes] = {}
    """Path → what is served in place of the file."""
    self.redirects: dict[str, str] = {}
    """Path → where its file is in truth."""
    self.endless: set[str] = set()
    """What has no length and does not end; close to it is the end of the connection."""
    self.huge: dict[str, tuple[int, str]] = {}
    """Path → how many bytes of nothing are sent, "chunked" or with their "length" said before."""
    self.rate: float | None = None
    """Bytes a second of each answer."""
    self.has_ranges = True
    self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
    self._server.daemon_threads = True
    self.port = self._server.server_address[1]
    self.url = f"http://127.0.0.1:{self.port}"
    self._lock = threading.Lock()

  def content(self, path: str) -> bytes | None:
    if path in self.replaced:
      return self.replaced[path]
    if path.startswith("/sumdb/"):
      return self.database.answer(path.removeprefix("/sumdb/")) if self.database else None
    file = self.tree / path.lstrip("/")
    return file.read_bytes() if file.is_file() else None

  def _handler(host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"

      def log_message(self, *_: object) -> None:
        pass

      def do_GET(self) -> None:
        self.path = unquote(self.path)
        wanted = self.headers.get("Range") if host.has_ranges else None
        with host._lock:
          (host.resumed if wanted else host.asked)[self.path] += 1
          breaks = host.break_after.get(self.path)
          limit = breaks.pop(0) if breaks else None
        if self.path in host.redirects:
          self.send_response(302)
          self.send_header("Location", host.redirects[self.path])
          self.send_header("Content-Length", "0")
          self.end_headers()
          return
        if self.path in host.endless:
          return self.send_without_end()
        if self.path in host.huge:
          return self.send_much(*host.huge[self.path])
        content = host.content(self.path)
        if content is None:
          content, status = b"not found: it is not here\n", 404
        else:
          status = 200
        tag, start = f'"{hashlib.sha256(content).hexdigest()[:16]}"', 0
        if wanted and status == 200 and self.headers.get("If-Range", tag) == tag:
          start, status = int(wanted.removeprefix("bytes=").split("-")[0]), 206
        self.send_response(status)
        if status == 206:
          self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", tag)
        if status == 404:
          # The go command shows its user a body of this type.
          self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.send_content(content[start:] if limit is None else content[start:start + limit], breaks=limit is not None)

      def send_content(self, content: bytes, breaks: bool) -> None:
        step = 32768
        for offset in range(0, len(content), step):
          try:
            self.wfile.write(content[offset:offset + step])
          except OSError:
            self.close_connection = True
            return
          if host.rate:
            time.sleep(step / host.rate)
        if breaks:
          self.wfile.flush()
          self.close_connection = True

      def send_without_end(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
          while True:
            self.wfile.write(b"v1.0.0\n" * 16384)
        except OSError:
          pass

      def send_much(self, count: int, framing: str) -> None:
        piece = b"v1.0.0\n" * 9362
        self.send_response(200)
        self.send_header(*(("Transfer-Encoding", "chunked") if framing == "chunked" else ("Content-Length", str(count))))
        self.end_headers()
        self.close_connection = True
        try:
          for _ in range(count // len(piece)):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if framing == "chunked" else piece)
        except OSError:
          pass

    return Handler

  def __enter__(self) -> ModuleHost:
    threading.Thread(target=self._server.serve_forever, daemon=True).start()
    return self

  def __exit__(self, *_: object) -> None:
    self._server.shutdown()
    self._server.server_close()


@dataclass
class Record:
  module: str
  version: str
  text: str


class ChecksumDatabase:
  """A signed checksum database over the modules of a tree, as the go command asks one (https://go.dev/ref/mod#checksum-database)."""

  def __init__(self, tree: Path, name: str = "sum.example.test", padding: int = 300) -> None:
    self.name = name
    self._private = Ed25519PrivateKey.generate()
    public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    self._hash = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    self.key = f"{name}+{self._hash.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"
    self.records = [Record(f"example.test/pad{number}", "v1.0.0", f"example.test/pad{number} v1.0.0 h1:none=\n") for number in range(padding)]
    for archive in sorted(tree.glob("**/@v/*.zip")):
      module, version = self._name(tree, archive)
      self.records.append(Record(module, version, self._text(module, version, archive)))
    self._leaves = [hashlib.sha256(b"\0" + record.text.encode()).digest() for record in self.records]

  @staticmethod
  def _name(tree: Path, archive: Path) -> tuple[str, str]:
    escaped, module = str(archive.parent.parent.relative_to(tree)), ""
    for position, letter in enumerate(escaped):
      module += "" if letter == "!" else letter.upper() if escaped[position - 1:position] == "!" else letter
    return module, archive.stem

  @staticmethod
  def _text(module: str, version: str, archive: Path) -> str:
    with zipfile.ZipFile(archive) as zipped:
      files = {name: zipped.read(name) for name in zipped.namelist()}
    mod = archive.with_suffix(".mod").read_bytes()
    return f"{module} {version} {_h1(files)}\n{module} {version}/go.mod {_h1({'go.mod': mod})}\n"

  def answer(self, path: str) -> bytes | None:
    name, _, rest = path.partition("/")
    if name != self.name:
      return None
    if rest == "supported":
      return b""
    if rest == "latest":
      return self._signed_tree()
    if rest.startswith("lookup/"):
      return self._lookup(rest.removeprefix("lookup/"))
    return self._tile(rest.removeprefix("tile/8/")) if rest.startswith("tile/8/") else None

  def write(self, folder: Path) -> None:
    """Writes what a web server needs to be this database, below sumdb/."""
    size, paths = len(self.records), ["supported", "latest"]
    paths += [f"lookup/{self._escaped(record)}" for record in self.records]
    for level in range(2):
      there = size // 256 ** level
      tiles = [f"{index:03}" for index in range(there // 256)] + ([f"{there // 256:03}.p/{there % 256}"] if there % 256 else [])
      paths += [f"tile/8/{level}/{tile}" for tile in tiles]
    for path in paths:
      file = folder / "sumdb" / self.name / path
      file.parent.mkdir(parents=True, exist_ok=True)
      file.write_bytes(self.answer(f"{self.name}/{path}"))

  @staticmethod
  def _escaped(record: Record) -> str:
    return "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in f"{record.module}@{record.version}")

  def _lookup(self, name: str) -> bytes | None:
    for number, record in enumerate(self.records):
      if self._escaped(record) == name:
        return f"{number}\n{record.text}\n".encode() + self._signed_tree()
    return None

  def _signed_tree(self) -> bytes:
    root = base64.b64encode(self._root(0, len(self._leaves))).decode()
    text = f"go.sum database tree\n{len(self._leaves)}\n{root}\n"
    signature = base64.b64encode(self._hash + self._private.sign(text.encode())).decode()
    return f"{text}\n— {self.name} {signature}\n".encode()

  def _tile(self, path: str) -> bytes | None:
    level, _, name = path.partition("/")
    name, _, width = name.partition(".p/")
    if level == "data":
      return None
    index, span = int(name.replace("x", "").replace("/", "")), 256 ** int(level)
    there = len(self._leaves) // span - index * 256
    if int(width or 256) > there:
      return None
    return b"".join(self._root((index * 256 + each) * span, (index * 256 + each + 1) * span) for each in range(int(width or 256)))

  def _root(self, first: int, last: int) -> bytes:
    if last - first == 1:
      return self._leaves[first]
    half = 1
    while half * 2 < last - first:
      half *= 2
    return hashlib.sha256(b"\1" + self._root(first, first + half) + self._root(first + half, last)).digest()


def _h1(files: dict[str, bytes]) -> str:
  text = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
  return "h1:" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
