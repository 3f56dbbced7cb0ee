"""An origin as a process of its own, for those that stand in another network namespace: python -m interop.origins pages|calls PORT."""

from __future__ import annotations

import sys
import time

from .grpc_origin import GrpcOrigin
from .origin import Origin

KINDS = {"pages": Origin, "calls": GrpcOrigin}
"""The test origin of HTTP, and grpcio's."""

if __name__ == "__main__":
  with KINDS[sys.argv[1]](port=int(sys.argv[2])):
    while True:
      time.sleep(3600)
