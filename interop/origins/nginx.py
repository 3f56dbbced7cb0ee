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
    listen {host}:{port} backlog=4096{tls};
    location / {{ root {root}; }}
    location = /hello {{ return 200 "hello world\\n"; }}
  }}
}}
"""


class Nginx:
  """Serves a folder until the end of the `with` block; /hello answers 12 bytes."""

  def __init__(self, root: Path, scratch: Path, *, tls: Leaf | None = None, http2: bool = False, client_ca: Path | None = None,
               host: str = "127.0.0.1", port: int | None = None) -> None:
    """With `tls` only by TLS, where `http2` is offered by ALPN or not, and with `client_ca` to clients of its certificates alone."""
    self.host, self.port = host, port or ports.free_port()
    self._folder = scratch / "nginx"
    self._folder.mkdir(parents=True, exist_ok=True)
    # Workers run as another user and must be able to look into the folder, which temporary folders forbid.
    for each in (root, *root.parents):
      if each.stat().st_mode & 0o005 != 0o005 and each != Path("/"):
        each.chmod(each.stat().st_mode | 0o005)
    secured = f" ssl{' http2' if http2 else ''}; ssl_certificate {tls.certificate}; ssl_certificate_key {tls.key}" if tls else ""
    if client_ca:
      secured += f"; ssl_protocols TLSv1.3; ssl_client_certificate {client_ca}; ssl_verify_client on"
    self.scheme = "https" if tls else "http"
    (self._folder / "nginx.conf").write_text(CONFIGURATION.format(host=host, port=self.port, root=root, tls=secured))
    self.process: Process | None = None

  @property
  def url(self) -> str:
    return f"{self.scheme}://{self.host}:{self.port}"

  @property
  def command(self) -> list[str | Path]:
    """The command line, for those who start it elsewhere."""
    return [programs.system("nginx"), "-p", f"{self._folder}/", "-c", self._folder / "nginx.conf", "-e", "stderr"]

  def __enter__(self) -> Nginx:
    self.process = Process("nginx", self.command, self._folder)
    ports.wait_for_tcp(self.port, unless=self.process.check)
    return self

  def __exit__(self, *_: object) -> None:
    if self.process:
      self.process.stop()
