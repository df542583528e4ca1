"""The runner's circuit breaker: an outage of what a stage depends on pauses the stage and costs no event anything."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from schemas import CallOutcome, Event
from streams.errors import TransientError
from streams.processing.failures import FailureLog
from streams.processing.runner import StageRunner
from streams.topics import RETRIES, STAGES, TRANSCRIPTS
from tests.schemas.examples import call_transcribed
from tests.streams.scripted import (
    CALL,
    OUTCOME,
    PATIENCE,
    SETTINGS,
    Away,
    Broker,
    Busy,
    Scripted,
    after_retries,
    message,
    take,
)


@pytest.mark.parametrize("away", [Away("refused", "start it"), Busy("no answer", "wait")])
async def test_an_outage_of_whatever_length_spends_no_tries_and_makes_no_dead_letter(away: Exception) -> None:
    broker, agent = Broker(), Scripted(*[away] * 50, OUTCOME)
    pauses: list[str | None] = []
    runner = StageRunner(STAGES["audio"], agent, broker.publish, SETTINGS, on_pause=pauses.append, patience=PATIENCE)
    await runner.take(message())
    [published] = broker.published
    assert published.topic is STAGES["audio"].produces
    assert CallOutcome.model_validate_json(published.value).hops[0].attempts <= SETTINGS.quick_tries
    assert agent.tries == 51
    assert pauses == ["the model", None]


async def test_an_event_that_has_waited_has_all_its_tries_left() -> None:
    garbled = TransientError("garbled", "wait")
    away = Away("refused", "start it")
    broker, agent = Broker(), Scripted(away, away, away, garbled, away, garbled, OUTCOME)
    runner = StageRunner(STAGES["audio"], agent, broker.publish, SETTINGS, patience=PATIENCE)
    await runner.take(after_retries(3))  # the last pass: what is given up now is a dead letter
    [published] = broker.published
    assert published.topic is STAGES["audio"].produces
    assert CallOutcome.model_validate_json(published.value).hops[0].attempts == 9 + 3


async def test_the_pause_before_the_next_try_does_not_grow_by_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[int] = []

    def note(_log: FailureLog, tries: int, _shortest_s: float = 0.0) -> float:
        failed.append(tries)
        return 0.0

    monkeypatch.setattr(FailureLog, "backoff_s", note)
    garbled = TransientError("garbled", "wait")
    await take(Scripted(*[Away("refused", "start it")] * 9, garbled, garbled, OUTCOME), Broker())
    assert failed == [1, 2]


async def test_waiting_keeps_no_event_from_ending() -> None:
    garbled = TransientError("garbled", "wait")
    away = Away("refused", "start it")
    broker, agent = Broker(), Scripted(away, garbled, away, garbled, away, garbled, OUTCOME)
    await take(agent, broker)
    assert (broker.retry.topic, agent.tries) == (RETRIES[0], 6)


async def test_an_event_that_fails_while_others_get_through_is_itself_at_fault() -> None:
    class Picky(Scripted):
        async def work(self, event: Any) -> Event | None:
            await asyncio.sleep(0)
            if event.call_id == "call-1":
                raise Busy("no answer", "wait")
            return OUTCOME

    broker = Broker()
    runner = StageRunner(STAGES["audio"], Picky(), broker.publish, SETTINGS, patience=PATIENCE)
    other = message(CALL.model_copy(update={"call_id": "call-2"}).model_dump_json().encode())
    poisoned = asyncio.create_task(runner.take(message()))
    while not poisoned.done():
        await runner.take(replace(other, offset=18))
    assert [sent.topic for sent in broker.published if sent.topic in RETRIES] == [RETRIES[0]]
    assert runner.breaker.open_for is None


async def test_several_events_in_a_row_without_their_dependency_pause_the_stage() -> None:
    class Unreachable(TransientError):
        dependency = "the recordings"
        one_event_tells = False

    agent = Scripted(Unreachable("no route", "look"))
    broker, pauses, paused = Broker(), list[str | None](), asyncio.Event()

    def on_pause(dependency: str | None) -> None:
        pauses.append(dependency)
        paused.set()

    runner = StageRunner(STAGES["audio"], agent, broker.publish, SETTINGS, on_pause=on_pause, patience=PATIENCE)
    await runner.take(message())
    assert (pauses, broker.retry.topic) == ([], RETRIES[0])
    later = [asyncio.create_task(runner.take(replace(message(), offset=offset))) for offset in (18, 19)]
    await asyncio.wait_for(paused.wait(), timeout=10)
    assert pauses == ["the recordings"]
    agent.answers = [OUTCOME]
    await asyncio.gather(*later)
    assert pauses == ["the recordings", None]


async def test_events_that_name_their_own_dependency_make_room_although_the_breaker_is_open() -> None:
    class Unreachable(TransientError):
        dependency = "the recordings"
        one_event_tells = False

    broker = Broker()
    runner = StageRunner(
        STAGES["audio"], Scripted(Unreachable("no route", "look")), broker.publish, SETTINGS, patience=PATIENCE
    )
    await asyncio.gather(*(runner.take(replace(message(), offset=offset)) for offset in range(8)))
    assert [sent.topic for sent in broker.published] == [RETRIES[0]] * 8


async def test_an_event_that_asks_nobody_passes_an_open_breaker_and_does_not_close_it() -> None:
    class Rule(Scripted):
        def needs_dependency(self, event: Any) -> bool:
            return bool(event.call_id != "silent")

        async def work(self, event: Any) -> Event | None:
            if event.call_id != "silent":
                raise Away("refused", "start it")
            return OUTCOME

    broker, paused = Broker(), asyncio.Event()
    runner = StageRunner(STAGES["classify"], Rule(), broker.publish, SETTINGS, on_pause=lambda _: paused.set())
    taken = message(call_transcribed().model_dump_json().encode(), TRANSCRIPTS)
    silent = call_transcribed().model_copy(update={"call_id": "silent"}).model_dump_json().encode()
    waiting = asyncio.create_task(runner.take(taken))
    await asyncio.wait_for(paused.wait(), 10)
    await runner.take(replace(taken, offset=18, value=silent))
    assert len(broker.published) == 1
    assert runner.breaker.open_for == "the model"
    waiting.cancel()
