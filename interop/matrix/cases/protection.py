"""Cipher suites and key updates (RFC 9001 §5, §6)."""

from __future__ import annotations

from ..evidence.protection import CHACHA20, SUITES
from ..stage import Failed, Lacking, Stage
from ._case import Case, the_only_connection
from .plain import MB


class ChaCha20(Case):
  name = "chacha20"
  about = "a file of 1 MiB with ChaCha20, because one end takes nothing else or prefers it"
  fast = True

  def run(self, stage: Stage) -> str:
    stage.serve(only_chacha20=True)
    stage.fetch(stage.files(MB), only_chacha20=True)
    suite = the_only_connection(stage.trace()).suite
    if suite != CHACHA20:
      raise Failed(f"the server chose {SUITES[suite][0]}")
    return f"the server chose {SUITES[suite][0]}"


class KeyUpdate(Case):
  name = "keyupdate"
  fast = True
  about = "files of 3 MiB and 1 MiB, while the peer begins a key update"

  def run(self, stage: Stage) -> str:
    stage.serve(update_keys=True)
    stage.fetch(stage.files(3 * MB, MB), update_keys=True)
    trace = stage.trace()
    generations = {True: 0, False: 0}
    for each in trace.application(the_only_connection(trace)):
      generations[each.from_client] = max(each.generation, generations[each.from_client])
    if not any(generations.values()):
      raise Lacking("nobody began a key update")
    if not all(generations.values()):
      raise stage.absent(not generations[True], "one end began a key update that the other did not follow")
    return f"key updates: {generations[True]} of the client, {generations[False]} of the server"
