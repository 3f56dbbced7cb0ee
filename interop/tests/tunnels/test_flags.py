"""Tunnels without a configuration file."""

from __future__ import annotations

import pytest

from interop.clients.http1 import Http1Client
from interop.lib import ports, programs
from interop.lib.certificates import CORE_NAME, Authority
from interop.lib.process import Process
from interop.lib.waiting import wait_until
from interop.origins.tcp import connect, read_exactly

pytestmark = pytest.mark.quicgw


def test_both_ways_and_through_a_proxy(tmp_path, raw):
  authority = Authority(tmp_path / "certs")
  credentials = {
    "core": authority.issue("core", core=True, hosts=(CORE_NAME,)), "edge": authority.issue("edge", edge=True, hosts=("shop-17",))}
  link, up, down, proxy = (ports.free_port() for _ in range(4))

  def start(end: str, *flags: object) -> Process:
    own = credentials[end]
    files = ["--cert", own.certificate, "--key", own.key, "--ca", authority.certificate]
    return Process(end, [programs.quicgw(), *flags, *files], tmp_path)

  with start(
      "core", "server", "--listen", f"127.0.0.1:{link}", "--service", f"raw={raw.url}", "--connect", f"localhost:{raw.port}",
      "--tcp", f"{down}=raw@shop-17") as core, start(
      "edge", "edge", "--upstream", f"127.0.0.1:{link}", "--server-name", CORE_NAME, "--tcp", f"{up}=raw", "--proxy", proxy,
      "--expose", f"raw={raw.url}") as edge:
    for process, port in ((core, down), (edge, up), (edge, proxy)):
      ports.wait_for_listener(process, port, transport="tcp")
    wait_until(lambda: " can be called" in core.log.read_text(), 10, "the edge does not come", unless=core.check)
    for port in (up, down):
      client, server = connect(port), raw.accept()
      client.sendall(b"hello")
      assert read_exactly(server, 5) == b"hello"
    client = Http1Client(proxy)
    client.send(f"CONNECT localhost:{raw.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert client.read_head().status == 200
    raw.accept().sendall(b"through the proxy")
    assert client.read(4096) == b"through the proxy"
