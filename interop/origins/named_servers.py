"""nginx and Caddy that answer everything with a name: servers of a pool, to be killed, stopped in the middle and started again."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from ..lib import ports, programs
from ..lib.process import Process

NGINX = """
daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 {name}; }} }}
}}
"""


class NamedServer:
  """One server in a process of its own on one port, over all its lives."""

  def __init__(self, kind: str, name: str, scratch: Path) -> None:
    """kind -- "nginx", to which HTTP/1.1 is spoken, or "caddy", to which HTTP/2 is."""
    self.kind, self.name, self.port = kind, name, ports.free_port()
    self._folder = scratch / name
    self._folder.mkdir()
    self._process: Process | None = None

  @property
  def url(self) -> str:
    return f"{'http' if self.kind == 'nginx' else 'h2c'}://127.0.0.1:{self.port}"

  def start(self) -> None:
    self._process = Process(self.name, self._nginx() if self.kind == "nginx" else self._caddy(), self._folder)
    ports.wait_for_tcp(self.port, unless=self._process.check)

  def kill(self) -> None:
    """At once, with all its connections."""
    if self._process:
      self._process.kill()

  def hang(self) -> None:
    """From now on the kernel accepts for it, and nobody answers."""
    self._process.signal(signal.SIGSTOP)

  def go_on(self) -> None:
    self._process.signal(signal.SIGCONT)

  def _nginx(self) -> list[str | Path]:
    file = self._folder / "nginx.conf"
    file.write_text(NGINX.format(port=self.port, name=self.name))
    return [programs.system("nginx"), "-p", f"{self._folder}/", "-c", file, "-e", "stderr"]

  def _caddy(self) -> list[str | Path]:
    route = {"handle": [{"handler": "static_response", "body": self.name}]}
    server = {"listen": [f"127.0.0.1:{self.port}"], "protocols": ["h1", "h2c"], "routes": [route], "automatic_https": {"disable": True}}
    file = self._folder / "caddy.json"
    file.write_text(json.dumps({"admin": {"disabled": True}, "apps": {"http": {"servers": {"named": server}}}}))
    return ["env", f"XDG_DATA_HOME={self._folder}", f"XDG_CONFIG_HOME={self._folder}", programs.caddy(), "run", "--config", file]
