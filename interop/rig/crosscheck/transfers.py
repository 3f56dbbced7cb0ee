"""TCP transfers across a link, whichever it is."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from ...lib import ports, programs
from ...lib.process import Process
from ..world import World

def transfers(world: World, control: str, streams: int, seconds: float) -> np.ndarray:
  """Mbit/s that each of so many TCP connections from the edge to the core brought over, all at once, from their first byte on."""
  for end in (world.edge, world.core):
    end.tcp_congestion_control(control)
  port = ports.free_port()
  with tempfile.TemporaryDirectory(prefix="crosscheck-") as scratch:
    folder = Path(scratch)
    with Process("iperf3", world.core.argv([programs.system("iperf3"), "-s", "-1", "-p", str(port)]), folder) as server:
      ports.wait_for_listener(server, port, transport="tcp")
      argv = [programs.system("iperf3"), "-c", world.core.address, "-p", str(port), "-P", str(streams), "-t", f"{seconds:g}", "-J"]
      result = json.loads(world.edge.run(argv, check=False, timeout=seconds + 60).stdout)
  if "error" in result:
    raise RuntimeError(f"iperf3 over {world}: {result['error']}")
  return np.array([each["receiver"]["bits_per_second"] / 1e6 for each in result["end"]["streams"]])
