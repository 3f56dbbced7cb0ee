"""The events of one subject: calls at a steady rate and long streams run, something happens, and what becomes of them is noted."""

from __future__ import annotations

import asyncio
import time
import traceback

from ...lib.process import Died
from ...loads.calls import GOOD, Call, write_calls
from ...loads.channel import open_channel
from ...loads.chats import Chat, survivors
from ...loads.own_lateness import OwnLateness
from ...loads.unary import Caller, open_loop, steady
from ..deployments import Deployment, Kind
from ..jobs.place import Place
from .outcome import Outcome, write_outcomes
from .scenarios import Scenario, scenarios

RATE = 20.0
DEADLINE_S = 10.0
MESSAGE = b"m" * 100
STREAMS = 8
SETTLE_S = 3.0
"""Calls before the event."""
TAIL_S = 3.0
"""Calls after the first good answer: a gateway may answer one and fail the next."""
GIVE_UP_S = 90.0
QUICK_GIVE_UP_S = 15.0
STREAM_LIMIT_S = 10.0


def run(place: Place) -> None:
  """Writes SUBJECT-outcomes.csv and SUBJECT-calls.csv, whose times are seconds since the series' first call."""
  chosen = [scenario for scenario in scenarios(place.settings) if scenario.applies(place.subject)]
  wanted = [(scenario, repeat) for scenario in chosen for repeat in range(place.settings.repeats)]
  outcomes: list[Outcome] = []
  series: dict[str, list[Call]] = {}
  whole, done = sum(_weight(scenario) for scenario, _ in wanted), 0.0
  for scenario, repeat in wanted:
    place.tell(done / whole, f"{scenario.name} {repeat + 1}")
    outcome, series[f"{scenario.name} {repeat + 1}"] = _measured(place, scenario, repeat)
    outcomes.append(outcome)
    place.notes["own_lateness_p99_ms"] = max(each.own_lateness_ms for each in outcomes)
    done += _weight(scenario)
    write_outcomes(place.results / f"{place.subject}-outcomes.csv", outcomes)
    write_calls(place.results / f"{place.subject}-calls.csv", series)
  place.tell(1, "done")


def _measured(place: Place, scenario: Scenario, repeat: int) -> tuple[Outcome, list[Call]]:
  """An event, whatever became of it: one that went badly is no reason to give up the others, and none to forget it."""
  try:
    with place.deploy(Kind.STREAMS) as deployment:
      try:
        return asyncio.run(_event(place, deployment, scenario, repeat))
      except AssertionError:
        # That nothing was answered may be because something has died, and be no doing of the subject's.
        deployment.check()
        raise
  except AssertionError as error:
    # A process of the subject's died, or no call or stream was answered.
    traceback.print_exc()
    return Outcome.never(scenario.name, repeat, STREAMS, _sentence(error)), []
  except Exception as error:  # noqa: BLE001
    traceback.print_exc()
    place.failures += 1
    return Outcome.unknown(scenario.name, repeat, STREAMS, _sentence(error)), []


def _sentence(error: Exception) -> str:
  return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _weight(scenario: Scenario) -> float:
  return scenario.outage_s * 1.2 + 20


async def _event(place: Place, deployment: Deployment, scenario: Scenario, repeat: int) -> tuple[Outcome, list[Call]]:
  channel = open_channel(deployment.calls)
  stop, recovered = asyncio.Event(), asyncio.Event()
  back = float("inf")
  try:
    caller = Caller(channel, MESSAGE, DEADLINE_S)
    await caller.warm_up()
    chats = await asyncio.gather(*(Chat(channel).open(DEADLINE_S) for _ in range(STREAMS)))

    async def call() -> str:
      began = time.perf_counter()
      status = await caller.call()
      if status == GOOD and began >= event and time.perf_counter() >= back:
        recovered.set()
      return status

    begin, event = time.perf_counter(), float("inf")
    async with OwnLateness() as own:
      calling = asyncio.create_task(open_loop(call, steady(RATE, stop), begin=begin))
      await asyncio.sleep(SETTLE_S)
      event = time.perf_counter()
      back = event + scenario.outage_s
      # In a thread: a restart takes its time, and calls go on meanwhile.
      await asyncio.to_thread(scenario.happen, place.world, deployment)
      give_up = back + (QUICK_GIVE_UP_S if place.settings.quick else GIVE_UP_S) - time.perf_counter()
      try:
        await asyncio.wait_for(recovered.wait(), give_up)
      except TimeoutError:
        # That no answer came is the outcome.
        pass
      await asyncio.sleep(TAIL_S)
      stop.set()
      calls = await calling
    survived = await survivors(chats, back, STREAM_LIMIT_S)
    await asyncio.gather(*(chat.close() for chat in chats))
  finally:
    stop.set()
    await channel.close()
  # The event's own place among the calls, whose times count from `begin`.
  outcome = Outcome.of(scenario.name, repeat, calls, event_s=event - begin, outage_s=scenario.outage_s, deadline_s=DEADLINE_S,
                       streams=STREAMS, survived=survived, own_lateness_ms=round(own.p99_ms(), 3))
  try:
    deployment.check()
  except Died as error:
    # Behind the colon its whole command line follows.
    outcome = outcome.died(_sentence(error).partition(":")[0])
  return outcome, calls
