"""The hosted model goes away in the middle of the day and comes back: what becomes of the calls, by policy.

A longer absence: ``CALLSIFT_TEST_AWAY_S=180 python -m pytest tests/agents/classify/test_away.py -s``.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.agent import ClassifyAgent, make_classifier
from agents.classify.settings import ClassifySettings, Price
from callsift.embedded import free_port
from schemas import CallClassified, Speaker, Taxonomy
from streams.message import Headers, Message
from streams.processing.runner import Patience, StageRunner
from streams.settings import RunnerSettings
from streams.topics import CLASSIFIED, REPROCESS, STAGES, TRANSCRIPTS, Topic
from tests.agents.classify.deciding import deciding
from tests.patience import PATIENCE_S
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import failed, gemini_server

pytestmark = pytest.mark.integration
AWAY_S = float(os.environ.get("CALLSIFT_TEST_AWAY_S", "3"))
CALLS_BEFORE, CALLS_MEANWHILE, CALLS_AFTER = 5, 20, 5


class World:
    """A stage whose model can be switched off; calls are given to it as Kafka would, at most 8 at once."""

    def __init__(self, policy: Any, budget: float | None = None) -> None:
        self.results: dict[str, tuple[CallClassified, float]] = {}
        self.elsewhere: list[str] = []
        self.pauses: list[str | None] = []
        self._port = free_port()
        self._stack = ExitStack()
        self._window = asyncio.Semaphore(8)
        self._tasks: list[asyncio.Task[None]] = []
        settings = ClassifySettings(
            classifier="gemini",
            gemini_api_key=SecretStr("key"),
            gemini_endpoint=f"http://127.0.0.1:{self._port}",
            when_away=policy,
            daily_budget=budget,
            gemini_model="m",
            prices={"m": Price(prompt=1.0, answer=10.0)},
        )
        taxonomy = Taxonomy.load()
        agent = ClassifyAgent(
            deciding(make_classifier(settings, taxonomy, probe_s=1.0), taxonomy), settings.confidence_floor
        )
        self._runner = StageRunner(
            STAGES["classify"],
            agent,
            self._publish,
            RunnerSettings(),
            on_pause=self.pauses.append,
            patience=Patience(longest_probe_s=2.0),
        )

    def switch_on(self, *, failing: bool = False) -> None:
        server = self._stack.enter_context(gemini_server(self._port))
        if failing:
            server.answer = lambda: failed(503)

    def switch_off(self) -> None:
        self._stack.close()

    async def give(self, kind: str, count: int, over_s: float = 0.0) -> None:
        for number in range(count):
            said = turn(Speaker.CUSTOMER, f"kombim bozuldu {kind} {number}")
            event = call_transcribed(said).model_copy(update={"call_id": f"{kind}-{number}"})
            value = event.model_dump_json().encode()
            message = Message(TRANSCRIPTS, 0, len(self._tasks), event.call_id.encode(), value)
            self._tasks.append(asyncio.create_task(self._take(message)))
            await asyncio.sleep(over_s / count)

    def drop(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def done(self) -> None:
        await asyncio.gather(*self._tasks)

    async def _take(self, message: Message) -> None:
        async with self._window:
            await self._runner.take(message)

    async def _publish(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        if topic is CLASSIFIED:
            result = CallClassified.model_validate_json(value or b"")
            self.results[result.call_id] = (result, time.monotonic())
        else:
            self.elsewhere.append(topic.name)

    def decided(self, kind: str) -> list[tuple[str, bool]]:
        found = [result for call_id, (result, _) in self.results.items() if call_id.startswith(kind)]
        return [(result.classifier, result.provisional) for result in found]


@pytest.fixture(params=["refuses connections", "answers 503"])
async def absence(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    yield request.param


async def went_away(policy: str, absence: str) -> tuple[World, float, float]:
    """Run a day with an absence; returns what became of it, when the absence ended, and when all was done."""
    world = World(policy)
    world.switch_on()
    await world.give("before", CALLS_BEFORE)
    await world.done()
    world.switch_off()
    if absence == "answers 503":
        world.switch_on(failing=True)
    await world.give("meanwhile", CALLS_MEANWHILE, over_s=AWAY_S)
    world.switch_off()
    world.switch_on()
    back_at = time.monotonic()
    if policy == "offline":
        await asyncio.sleep(1.1)  # one call in a while asks whether it is back
        await world.give("probe", 1)
        await world.done()
    await world.give("after", CALLS_AFTER)
    async with asyncio.timeout(PATIENCE_S):
        await world.done()
    done_at = time.monotonic()
    world.switch_off()
    return world, back_at, done_at


async def test_under_wait_every_call_waits_for_the_model_and_none_is_lost(absence: str) -> None:
    world, back_at, done_at = await went_away("wait", absence)
    print(  # the figures of docs/classification.md
        f"\nwait, {absence} for {AWAY_S:g} s: {len(world.results)} of 30 calls by gemini, elsewhere {world.elsewhere}, "
        f"paused for {world.pauses}, done {done_at - back_at:.1f} s after it was back"
    )
    for kind, count in (("before", CALLS_BEFORE), ("meanwhile", CALLS_MEANWHILE), ("after", CALLS_AFTER)):
        assert world.decided(kind) == [("gemini", False)] * count
    assert world.elsewhere == []
    assert world.pauses[0] == "the hosted model"
    assert world.pauses[-1] is None


async def test_under_offline_every_call_is_decided_meanwhile_and_marked(absence: str) -> None:
    world, back_at, _ = await went_away("offline", absence)
    meanwhile = world.decided("meanwhile")
    in_time = sum(at < back_at for call_id, (_, at) in world.results.items() if call_id.startswith("meanwhile"))
    print(
        f"\noffline, {absence} for {AWAY_S:g} s: {meanwhile.count(('offline', True))} of {len(meanwhile)} calls "
        f"provisional, {in_time} of them before it was back, elsewhere {world.elsewhere}"
    )
    assert meanwhile == [("offline", True)] * CALLS_MEANWHILE
    assert world.decided("after") == [("gemini", False)] * CALLS_AFTER
    assert world.elsewhere == [REPROCESS.name] * CALLS_MEANWHILE  # to be decided anew
    assert world.pauses == []


BUDGET = 0.02
"""A call costs 0.0018 here, and is expected to cost 0.007 before it is asked."""


async def test_under_wait_a_spent_budget_pauses_the_stage() -> None:
    world = World("wait", BUDGET)
    world.switch_on()
    await world.give("call", 20)
    decided = -1
    async with asyncio.timeout(PATIENCE_S):
        while decided < len(world.results) or world.pauses[-1:] != ["the day's budget for the hosted model"]:
            decided = len(world.results)
            await asyncio.sleep(2)  # a probe, which asks nobody
    world.drop()
    world.switch_off()
    assert world.pauses[-1] == "the day's budget for the hosted model"
    assert 1 <= decided == len(world.results) < 20
    assert sum(result.usage.cost or 0 for result, _ in world.results.values() if result.usage) <= BUDGET
    assert world.elsewhere == []


async def test_under_offline_a_spent_budget_lets_the_other_decide_and_marks_it() -> None:
    world = World("offline", BUDGET)
    world.switch_on()
    await world.give("call", 20)
    await world.done()
    world.switch_off()
    decided = world.decided("call")
    assert len(decided) == 20
    assert set(decided) == {("gemini", False), ("offline", True)}
    assert world.pauses == []
    assert world.elsewhere == [REPROCESS.name] * decided.count(("offline", True))
