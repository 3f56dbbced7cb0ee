"""Runs in user-mode Linux: the kernel driver's path between the machine's two devices, whose other ends are the host's."""

from __future__ import annotations

import json

from ..addresses import FOLDER
from ..drivers.netem_path import NetemPath
from ..namespaces import Namespace, run
from . import inside
from .driver_inside import conditions


WAN = Namespace("wan")


def attach() -> None:
  """Brings the devices up in the namespace where they stay: moving one later would close its end on the host."""
  WAN.create()
  WAN.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
  for device, port in (("vec0", "edgeport"), ("vec1", "coreport")):
    run(["ip", "link", "set", device, "netns", WAN.name, "name", port])
    WAN.ip(f"link set {port} up")


if __name__ == "__main__":
  paths: list[NetemPath] = []

  def answer(command: dict) -> dict:
    match command:
      case {"do": "attach"}:
        attach()
      case {"do": "join"}:
        paths.append(NetemPath(WAN, FOLDER / WAN.name))
        paths[0].join()
      case {"do": "set", "forward": forward, "backward": backward}:
        paths[0].set(conditions(forward), conditions(backward))
      case _:
        raise ValueError(f"no such command: {json.dumps(command)}")
    return {}

  inside.serve(answer)
