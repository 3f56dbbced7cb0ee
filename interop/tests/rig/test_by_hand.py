"""interop/link: a world that a person makes and commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from interop.lib import programs
from interop.rig import namespaces

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(programs.REPOSITORY)}


def link(*arguments: str, **more: object) -> subprocess.Popen:
  return subprocess.Popen([sys.executable, "-m", "interop.rig", *arguments], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def test_every_command():
  commands = ["change fibre", "down", "up", "blackout 0.1", "rebind port", "rebind address", "move", "cc core bbr", "counters",
              "change nothing", "blackout soon", "dance"]
  said, complaints = link("up", "lan").communicate("\n".join(commands) + "\n", timeout=30)
  assert not complaints
  head, _, answers = said.partition("at the end of the input.\n")
  assert "profile lan" in head and "nsenter --net=/run/netns/qg" in head
  answers = answers.splitlines()
  assert answers[0].startswith("world ") and "profile fibre" in answers[0]
  assert answers[1:5] == ["done"] * 4
  assert answers[5].startswith("the core sees 10.") and answers[6].startswith("the edge is 10.") and answers[7] == "done"
  assert answers[8].startswith("forward  sent ") and answers[9].startswith("backward sent ")
  unknown, unreadable, nonsense = answers[-3:]
  assert unknown.startswith("no profile 'nothing'; there are: none, lan") and "soon" in unreadable and nonsense.startswith("'dance' is no command")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_cleans_up_when_it_is_ended(number):
  running = link("up", "none")
  name = running.stdout.readline().split()[1].rstrip(":")
  while not running.stdout.readline().startswith("Ends at"):
    pass
  assert namespaces.named(f"qg{name}-")
  running.send_signal(number)
  running.communicate(timeout=10)
  assert running.returncode == 0
  assert not namespaces.named(f"qg{name}-")


def test_profiles_and_their_sources():
  said, _ = link("profiles").communicate(timeout=10)
  assert "loss5_200ms" in said and "from: quic-interop-runner, testcases_quic.py: drop-rate --rate_to_server=30" in said


def test_a_mistake_is_one_sentence():
  running = link("up", "lan", "--index", "100")
  said, complaint = running.communicate(timeout=10)
  assert running.returncode == 1 and not said
  assert complaint == "interop/link: a world's index is 0 to 99, not 100\n"
