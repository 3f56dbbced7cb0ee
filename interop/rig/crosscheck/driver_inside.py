"""Runs in user-mode Linux: the kernel driver of the rig whole, between two namespaces of that machine."""

from __future__ import annotations

import dataclasses
import json

from .. import drivers, profiles
from ..addresses import Addresses
from ..conditions import Blackouts, Burst, Conditions
from ..drivers.netem import NetemLink
from ..namespaces import Namespace
from . import inside

ADDRESSES = Addresses(0)


class Between:
  """Two namespaces with a netem link between them, and no NAT."""

  def __init__(self) -> None:
    self.near, self.far = (Namespace(ADDRESSES.name(role)) for role in ("nat", "core"))
    for each in (self.near, self.far):
      each.create()
    self.link = NetemLink(self.near, self.far, Namespace(ADDRESSES.name("wan")), ADDRESSES)
    self.link.open()
    for namespace, device, own, peer in (
        (self.near, "outside", ADDRESSES.outside(), ADDRESSES.core), (self.far, "wan", ADDRESSES.core, ADDRESSES.outside())):
      namespace.ip(*(f"addr add {address} dev {device}" for address in own), *(f"route replace {address} dev {device}" for address in peer))

  def answer(self, command: dict) -> dict:
    match command:
      case {"do": "set", "profile": name}:
        profile = profiles.profile(name)
        self.link.set(profile.forward, profile.backward)
        return {}
      case {"do": "set", "forward": forward, "backward": backward}:
        self.link.set(conditions(forward), conditions(backward))
        return {}
      case {"do": "down" | "up" as what}:
        getattr(self.link, what)()
        return {}
      case {"do": "black_out", "seconds": seconds}:
        self.link.black_out(seconds)
        return {}
      case {"do": "choose"}:
        return {"driver": drivers.choose(Addresses(1))}
      case {"do": "counters"}:
        return dataclasses.asdict(self.link.counters())
      case {"do": "run", "where": "near" | "far" | "wan" as where, "argv": argv}:
        namespace = {"near": self.near, "far": self.far, "wan": Namespace(ADDRESSES.name("wan"))}[where]
        done = namespace.run(argv, check=False, timeout=300)
        return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
      case _:
        raise ValueError(f"no such command: {json.dumps(command)}")


def conditions(keys: dict) -> Conditions:
  """Conditions out of what `dataclasses.asdict` made of them."""
  kinds = {"burst": Burst, "blackouts": Blackouts}
  values = {name: kinds[name](**value) if name in kinds and value else value for name, value in keys.items()}
  return Conditions(**{**values, "drop_list": tuple(values.get("drop_list", ()))})


if __name__ == "__main__":
  between: list[Between] = []

  def answer(command: dict) -> dict:
    # Made at the first command: before it, the machine has no modules.
    if not between:
      between.append(Between())
    return between[0].answer(command)

  inside.serve(answer)
