"""Programs that know nothing of gateways, through TCP services: redis-cli, psql, ssh."""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from interop.lib import ports, programs
from interop.lib.process import Process

pytestmark = pytest.mark.quicgw


def run(*argv: object, stdin: bytes = b"", **env: str) -> bytes:
  """What a program says; its complaint fails the test."""
  done = subprocess.run([str(each) for each in argv], input=stdin, capture_output=True, timeout=60, env={**os.environ, **env})
  assert done.returncode == 0, done.stderr.decode(errors="replace")
  return done.stdout


def forwarded(new_pair, name: str, port: int) -> int:
  """The edge's port for a program's service."""
  local = ports.free_port()
  new_pair({"unused": "http://127.0.0.1:1", name: f"tcp://localhost:{port}"}, probe=lambda _: ports.accepts_tcp(local),
           edge_lines=[f"  - tcp: 127.0.0.1:{local}", f"    service: {name}"])
  return local


def test_redis_cli(new_pair, tmp_path):
  port = ports.free_port()
  with Process("redis", [programs.system("redis-server"), "--port", port, "--save", "", "--dir", tmp_path], tmp_path) as redis:
    ports.wait_for_tcp(port, unless=redis.check)
    cli = [programs.system("redis-cli"), "-p", forwarded(new_pair, "redis", port)]
    assert run(*cli, "set", "key", "value") == b"OK\n"
    assert run(*cli, "get", "key") == b"value\n"
    run(*cli, "-x", "set", "large", stdin=b"x" * 5_000_000)
    assert run(*cli, "strlen", "large") == b"5000000\n"
    assert len(run(*cli, "get", "large")) == 5_000_001
    subscriber = subprocess.Popen([*map(str, cli), "subscribe", "news"], stdout=subprocess.PIPE)
    try:
      assert subscriber.stdout and b"subscribe" in subscriber.stdout.readline()
      while run(*cli, "publish", "news", "told") == b"0\n":
        time.sleep(0.05)
      lines = [subscriber.stdout.readline() for _ in range(5)]
      assert lines[-1] == b"told\n"
    finally:
      subscriber.kill()


def test_psql(new_pair, tmp_path):
  binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
  if not binaries:
    raise programs.ProgramMissing("PostgreSQL is not installed: run interop/venv")
  folder, port = Path("/tmp") / f"quicgw-postgres-{os.getpid()}", ports.free_port()
  # It will not run as root.
  account = "nobody" if os.geteuid() == 0 else getpass.getuser()
  as_other = [] if os.geteuid() else ["setpriv", "--reuid", account, "--regid", "nogroup", "--clear-groups", "--"]
  folder.mkdir()
  try:
    shutil.chown(folder, account)
    run(*as_other, binaries[-1], "-D", folder / "data", "-A", "trust", "-U", "shop", "--no-sync")
    server = [*as_other, binaries[-1].with_name("postgres"), "-D", folder / "data", "-p", port, "-k", folder, "-c", "fsync=off"]
    with Process("postgres", server, folder) as postgres:
      ports.wait_for_tcp(port, unless=postgres.check)
      psql = [programs.system("psql"), "-X", "-q", "-t", "-A", "-h", "127.0.0.1", "-p", forwarded(new_pair, "postgres", port), "-U", "shop",
              "-d", "postgres", "-v", "ON_ERROR_STOP=1"]
      run(*psql, "-c", "create table item (id int primary key, name text)")
      rows = "".join(f"{index}\titem {index}\n" for index in range(100_000)).encode()
      run(*psql, "-c", "copy item from stdin", stdin=rows)
      assert run(*psql, "-c", "select count(*), max(id) from item") == b"100000|99999\n"
      assert run(*psql, "-c", "copy item to stdout") == rows
      with pytest.raises(AssertionError, match="statement timeout"):
        run(*psql, "-c", "set statement_timeout = 300; select pg_sleep(30)")
  finally:
    shutil.rmtree(folder, ignore_errors=True)


def test_ssh(new_pair, tmp_path):
  sshd, keygen, ssh = (programs.system(name) for name in ("sshd", "ssh-keygen", "ssh"))
  if os.geteuid() == 0:
    Path("/run/sshd").mkdir(exist_ok=True)
  for name in ("host", "user"):
    run(keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name)
  shutil.copy(tmp_path / "user.pub", tmp_path / "authorized")
  port = ports.free_port()
  (tmp_path / "config").write_text("\n".join([
    f"ListenAddress 127.0.0.1:{port}", f"HostKey {tmp_path}/host", f"AuthorizedKeysFile {tmp_path}/authorized", "StrictModes no",
    "UsePAM no", "PasswordAuthentication no", "PermitRootLogin prohibit-password", f"PidFile {tmp_path}/pid"]) + "\n")
  with Process("sshd", [sshd, "-D", "-e", "-f", tmp_path / "config"], tmp_path) as server:
    ports.wait_for_tcp(port, unless=server.check)
    client = [
      ssh, "-F", "none", "-i", tmp_path / "user", "-p", forwarded(new_pair, "ssh", port), "-o", "StrictHostKeyChecking=no",
      "-o", f"UserKnownHostsFile={tmp_path}/known", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "127.0.0.1"]
    assert run(*client, "echo it works") == b"it works\n"
    # The end of standard input crosses before the answer.
    sent = b"y" * 3_000_000
    assert run(*client, "sha256sum", stdin=sent).split()[0].decode() == hashlib.sha256(sent).hexdigest()
