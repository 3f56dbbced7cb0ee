"""grpcio's client in a process: python -m interop.tests.rig.calls PORT each|unary|spread|steady SECONDS. Its last line is what came, as JSON."""

from __future__ import annotations

import json
import sys
import time

import grpc

from interop.clients.grpc_calls import Echo

AUTHORITY = ("grpc.default_authority", "calls.test")


def main() -> None:
  port, name, limit = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
  found: dict[str, object] = {}
  with Echo(port, options=[AUTHORITY]) as echo:
    try:
      if name in ("each", "unary"):
        found["unary"] = echo.unary(b"hello", timeout=limit).decode()
      if name == "each":
        found["chat"] = [each.decode() for each in echo.chat(iter([b"one", b"two", b"three"]), timeout=limit)]
      if name == "spread":
        messages = echo.spread(b"[40, 100, 0.1]", timeout=limit)
        next(messages)
        print("begun", flush=True)
        found["messages"] = 1 + len(list(messages))
      if name == "steady":
        found["answers"] = 0
        for _ in range(100):
          found["answers"] += echo.unary(b"hello", timeout=limit) == b"hello"
          time.sleep(0.6)
    except grpc.RpcError as error:
      found["error"] = error.code().name
  print(json.dumps(found))


if __name__ == "__main__":
  main()
