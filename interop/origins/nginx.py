"""nginx on loopback, serving a folder: the origin people really have, fast enough not to be what is measured."""

from __future__ import annotations

from pathlib import Path

from ..lib import ports, programs
from ..lib.certificates import Leaf
from ..lib.process import Process

CONFIGURATION = """
daemon off; pid nginx.pid; error_log stderr warn; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/octet-stream;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096{tls};
    location / {{ root {root}; }}
    location = /hello {{ return 200 "hello world\\n"; }}
  }}
}}
"""


class Nginx:
  """Serves a folder until the end of the `with` block; /hello answers 12 bytes."""

  def __init__(self, root: Path, scratch: Path, *, tls: Leaf | None = None, http2: bool = False) -> None:
    """With `tls` only by TLS, where `http2` is offered by ALPN or not."""
    self.port = ports.free_port()
    self._folder = scratch / "nginx"
    self._folder.mkdir(parents=True)
    # Workers run as another user and must be able to look into the folder, which temporary folders forbid.
    for each in (root, *root.parents):
      if each.stat().st_mode & 0o005 != 0o005 and each != Path("/"):
        each.chmod(each.stat().st_mode | 0o005)
    secured = f" ssl{' http2' if http2 else ''}; ssl_certificate {tls.certificate}; ssl_certificate_key {tls.key}" if tls else ""
    self.scheme = "https" if tls else "http"
    (self._folder / "nginx.conf").write_text(CONFIGURATION.format(port=self.port, root=root, tls=secured))
    self.process: Process | None = None

  @property
  def url(self) -> str:
    return f"{self.scheme}://127.0.0.1:{self.port}"

  def __enter__(self) -> Nginx:
    argv = [programs.system("nginx"), "-p", f"{self._folder}/", "-c", self._folder / "nginx.conf", "-e", "stderr"]
    self.process = Process("nginx", argv, self._folder)
    ports.wait_for_tcp(self.port, unless=self.process.check)
    return self

  def __exit__(self, *_: object) -> None:
    if self.process:
      self.process.stop()
