"""Files over a link that does nothing to them."""

from __future__ import annotations

from ..evidence.packets import Kind
from ..stage import Failed, Stage
from ._case import Case, the_only_connection

KB, MB = 1 << 10, 1 << 20


class Handshake(Case):
  name = "handshake"
  about = "a connection without a Retry, a file of 1 KiB"
  fast = True

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(KB))
    trace = stage.trace()
    connection = the_only_connection(trace)
    if trace.of_kind(Kind.RETRY, from_client=False):
      raise Failed("the server demanded a Retry")
    return f"one connection, ALPN {', '.join(connection.client_hello.protocols)}"


class Transfer(Case):
  name = "transfer"
  about = "files of 2, 3 and 5 MiB at once on one connection, far beyond the windows that its streams begin with"
  fast = True

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(2 * MB, 3 * MB, 5 * MB))
    trace = stage.trace()
    the_only_connection(trace)
    return f"10 MiB in {sum(not side for _, side in trace.datagrams)} datagrams"


class Multiplexing(Case):
  name = "multiplexing"
  about = "2000 files of 32 bytes on one connection, far beyond the number of streams that it begins with"
  limit = 90

  def __init__(self, count: int = 2000) -> None:
    self.count = count

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(*[32] * self.count))
    the_only_connection(stage.trace())
    return f"{self.count} streams on one connection"


class Http3(Case):
  name = "http3"
  about = "files of 5, 10 and 500 KB at once, and a body of 300 KB that is sent beside them where the server takes one"
  fast = True

  def run(self, stage: Stage) -> str:
    takes = stage.server.TAKES_BODIES
    stage.serve()
    stage.fetch(stage.files(5_000, 10_000, 500_000), post=300_000 if takes else None)
    connection = stage.trace().connections[0]
    if "h3" not in connection.client_hello.protocols:
      raise Failed(f"the client offers {connection.client_hello.protocols} and not h3")
    return "three files and a body that was sent" if takes else "three files; this server takes no body"


class IPv6(Case):
  name = "ipv6"
  about = "a file of 1 MiB over IPv6"
  host = "::1"
  fast = True

  def run(self, stage: Stage) -> str:
    stage.serve()
    stage.fetch(stage.files(MB))
    trace = stage.trace()
    the_only_connection(trace)
    hosts = {each.source[0] for each, _ in trace.datagrams}
    if not all(":" in host for host in hosts):
      raise Failed(f"the datagrams came from {', '.join(sorted(hosts))}")
    return f"{len(trace.datagrams)} datagrams, all of IPv6"
