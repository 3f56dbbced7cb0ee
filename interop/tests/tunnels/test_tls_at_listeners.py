"""TLS that ends at a listener: its ends cross as TCP's do, and what breaks off is no end."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from dataclasses import dataclass

import pytest

from interop.lib import ports
from interop.lib.cloud import Cloud
from interop.lib.waiting import wait_until
from interop.origins.tcp import TcpOrigin, connect, ending, read_exactly

pytestmark = pytest.mark.quicgw
MIB = 1 << 20


class TlsClient:
  """TLS whose ends are told apart from TCP's: Python's own socket cannot say close_notify and read on."""

  def __init__(self, port: int, cloud: Cloud, *, alpn: tuple[str, ...] = (), receive_buffer: int | None = None) -> None:
    context = ssl.create_default_context(cafile=str(cloud.authority.certificate))
    if alpn:
      context.set_alpn_protocols(list(alpn))
    self.socket = connect(port, receive_buffer=receive_buffer)
    self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
    self.tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")
    self._until_done(self.tls.do_handshake)

  def send(self, data: bytes) -> None:
    self.tls.write(data)
    self._flush()

  def end(self) -> None:
    """Says close_notify; the TCP connection stays as it is."""
    try:
      self.tls.unwrap()
    except ssl.SSLWantReadError:
      pass  # The peer's own comes when it comes.
    self._flush()

  def read(self, size: int) -> bytes:
    """What comes next; nothing behind close_notify. ConnectionError when TCP ends without one."""
    try:
      return self._until_done(lambda: self.tls.read(size))
    except ssl.SSLZeroReturnError:
      return b""

  def read_all(self) -> bytes:
    data = bytearray()
    while piece := self.read(65536):
      data += piece
    return bytes(data)

  def _until_done(self, step):
    while True:
      try:
        result = step()
        self._flush()
        return result
      except ssl.SSLWantReadError:
        self._flush()
        data = self.socket.recv(65536)
        if not data:
          raise ConnectionError("TCP ended without close_notify") from None
        self._in.write(data)

  def _flush(self) -> None:
    if data := self._out.read():
      self.socket.sendall(data)


@dataclass
class Listeners:
  cloud: Cloud
  ports: dict[str, int]
  """By the end of the link on which the listener is."""
  raw: TcpOrigin

  def opened(self, end: str, **client: object) -> tuple[TlsClient, socket.socket]:
    """Both ends of a new tunnel."""
    return TlsClient(self.ports[end], self.cloud, **client), self.raw.accept()


@pytest.fixture(scope="module")
def listeners(tmp_path_factory) -> Listeners:
  with TcpOrigin() as raw:
    cloud = Cloud({"core": {"kind": "tcp", "service": "raw", "edge": "edge-1"}}, services={"raw": raw.url})
    try:
      leaf = cloud.authority.issue("listener", core=True, hosts=("localhost",))
      tls = {"certificate": str(leaf.certificate), "key": str(leaf.key)}
      cloud.settings["listeners"][0]["tls"] = tls
      port = ports.free_port()
      with cloud:
        cloud.edge(expose={"raw": raw.url}, listeners=[{"tcp": f"127.0.0.1:{port}", "service": "raw", "tls": tls}]).start_and_wait()
        yield Listeners(cloud, {"core": cloud.port, "edge": port}, raw)
    finally:
      cloud.stop()


both_ends = pytest.mark.parametrize("end", ["core", "edge"])


@both_ends
@pytest.mark.parametrize("size", [1, 20 * MIB])
def test_a_client_that_ends_first_gets_the_rest_and_its_end(listeners, end, size):
  client, server = listeners.opened(end)
  client.send(b"all of it")
  client.end()
  assert read_exactly(server, 9) == b"all of it"
  assert server.recv(1) == b""
  sent = random.Random(size).randbytes(size)
  writer = threading.Thread(target=lambda: (server.sendall(sent), server.close()))
  writer.start()
  assert client.read_all() == sent
  writer.join()


@both_ends
def test_a_server_that_ends_first_hears_the_rest(listeners, end):
  client, server = listeners.opened(end)
  server.sendall(b"220 bye")
  server.shutdown(socket.SHUT_WR)
  assert client.read_all() == b"220 bye"
  client.send(b"x" * MIB)
  assert read_exactly(server, MIB) == b"x" * MIB
  client.end()
  assert server.recv(1) == b""


@both_ends
def test_full_sockets_lose_no_end(listeners, end):
  """close_notify follows when a socket has room again, whatever the size at which it was full."""
  for size in range(64_000, 96_000, 1_500):
    client, server = listeners.opened(end, receive_buffer=4096)
    client.end()
    assert server.recv(1) == b""
    server.sendall(bytes(size))
    server.close()
    time.sleep(0.02)
    assert len(client.read_all()) == size
    client.socket.close()


@both_ends
@pytest.mark.parametrize("who", ["client", "server"])
def test_what_breaks_off_is_no_end(listeners, end, who):
  client, server = listeners.opened(end)
  client.send(b"1")
  assert read_exactly(server, 1) == b"1"
  if who == "client":
    client.socket.close()
    assert ending(server) == "reset"
  else:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.close()
    with pytest.raises(ConnectionError):
      client.read(1)


@both_ends
def test_nothing_is_promised_of_what_is_behind(listeners, end):
  client, server = listeners.opened(end, alpn=("h2", "http/1.1"))
  assert client.tls.selected_alpn_protocol() is None
  client.send(b"2")
  assert read_exactly(server, 1) == b"2"


def test_an_edge_shows_a_new_certificate_when_its_file_changes(listeners):
  def serial() -> int:
    client, server = listeners.opened("edge")
    server.close()
    return int(client.tls.getpeercert()["serialNumber"], 16)

  before = serial()
  listeners.cloud.authority.issue("listener", core=True, hosts=("localhost",))
  wait_until(lambda: serial() != before, 15, "the edge shows its old certificate")
