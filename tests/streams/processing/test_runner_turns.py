"""The runner and large transcripts: agents see every turn, messages stay small, an outage of the store passes."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SerializerFunctionWrapHandler, model_serializer

from schemas import CallClassified, CallTranscribed, ClaimCheck, DeadLetter, Event, Speaker
from streams.message import Headers, Message
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.claimed_turns import ClaimedTurns
from streams.processing.agent import Agent
from streams.processing.runner import Patience, StageRunner
from streams.settings import RunnerSettings
from streams.topics import CLASSIFIED, DEAD_LETTER, STAGES, TRANSCRIPTS, Topic
from tests.schemas import examples
from tests.streams.payloads.test_claimed_turns import LIMIT_BYTES, classified, large

SETTINGS = RunnerSettings(quick_tries=2)
PATIENCE = Patience(backoff_s=0.0, probe_s=0.001, longest_probe_s=0.001, outage_streak=5)
SMALL = examples.call_transcribed(examples.turn(Speaker.CUSTOMER, "çamaşır makinem su akıtıyor"))


class Seeing(Agent[CallTranscribed]):
    """Classifies, and remembers which turns it saw."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def needs_dependency(self, call: CallTranscribed) -> bool:
        return bool(call.turns)

    async def work(self, call: CallTranscribed) -> CallClassified:
        self.seen.append(len(call.turns))
        return classified(call)


class Published:
    """What the runner published."""

    def __init__(self) -> None:
        self.messages: list[tuple[Topic, bytes]] = []

    async def publish(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        assert value is not None
        self.messages.append((topic, value))

    def classified(self) -> list[CallClassified]:
        assert {topic for topic, _ in self.messages} <= {CLASSIFIED}
        return [CallClassified.model_validate_json(value, strict=True) for _, value in self.messages]


def message(event: Event, offset: int = 0) -> Message:
    return Message(TRANSCRIPTS, 0, offset, None, event.model_dump_json().encode())


@pytest.fixture
def turns(tmp_path: Path) -> ClaimedTurns:
    return ClaimedTurns(ClaimCheckStore((tmp_path / "store").as_uri()), LIMIT_BYTES)


@pytest.fixture
def light(turns: ClaimedTurns) -> CallTranscribed:
    """A large call, as it is published."""
    encoded = asyncio.run(turns.encode(large()))
    return CallTranscribed.model_validate_json(encoded.value, strict=True)


Make = Callable[[], tuple[StageRunner, Seeing, Published]]


@pytest.fixture
def make(turns: ClaimedTurns) -> Make:
    def made(**options: Any) -> tuple[StageRunner, Seeing, Published]:
        agent, published = Seeing(), Published()
        runner = StageRunner(
            STAGES["classify"], agent, published.publish, SETTINGS, turns=turns, patience=PATIENCE, **options
        )
        return runner, agent, published

    return made


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # nobody tells
            await asyncio.sleep(0.001)


async def test_the_agent_sees_every_turn_and_the_claim_travels_on(make: Make, light: CallTranscribed) -> None:
    runner, agent, published = make()
    await runner.take(message(light))
    [result] = published.classified()
    assert agent.seen == [len(large().turns)]
    assert (result.turns, result.turns_claim) == ((), light.turns_claim)
    assert [hop.stage for hop in result.hops][-1] == "classify"


async def test_a_large_result_of_a_large_message_from_before_gets_a_claim(make: Make) -> None:
    runner, _, published = make()
    await runner.take(message(large()))
    [result] = published.classified()
    assert result.turns == ()
    assert result.turns_claim is not None


async def test_turns_that_are_gone_make_a_dead_letter_with_the_original(
    make: Make, light: CallTranscribed, tmp_path: Path
) -> None:
    next((tmp_path / "store" / "turns").iterdir()).unlink()
    runner, agent, published = make()
    await runner.take(message(light))
    [(topic, value)] = published.messages
    letter = DeadLetter.model_validate_json(value, strict=True)
    assert (topic, letter.error_type, letter.value) == (DEAD_LETTER, "PayloadGone", message(light).value)
    assert agent.seen == []


async def test_while_the_store_is_away_a_large_call_waits_although_small_ones_get_through(
    make: Make, light: CallTranscribed, tmp_path: Path
) -> None:
    folder = tmp_path / "store" / "turns"
    folder.rename(tmp_path / "hidden")
    folder.write_bytes(b"")  # a folder that is none: the store does not answer
    runner, agent, published = make()
    waiting = asyncio.create_task(runner.take(message(light)))
    await until(lambda: runner.waits_for)
    assert runner.waits_for == "the audio store"
    for offset in range(1, 20):  # with so many others through, any other failure would be the event's own
        await runner.take(message(SMALL, offset))
        await asyncio.sleep(0.005)
    assert not waiting.done()
    assert len(published.classified()) == 19
    (tmp_path / "back").symlink_to(tmp_path / "hidden")
    (tmp_path / "back").rename(folder)  # at once: in between, the turns would be gone for good
    async with asyncio.timeout(10):
        await waiting
    assert published.classified()[-1].turns_claim == light.turns_claim
    assert agent.seen[-1] == len(large().turns)


async def test_the_work_is_not_done_again_when_only_the_store_failed(make: Make, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    runner, agent, published = make()
    waiting = asyncio.create_task(runner.take(message(large())))
    await until(lambda: runner.waits_for)
    (tmp_path / "store").unlink()
    async with asyncio.timeout(10):
        await waiting
    assert agent.seen == [len(large().turns)]
    assert published.classified()[0].turns_claim is not None


async def test_a_result_is_serialised_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    serialised: list[str] = []

    class Counted(CallClassified):
        @model_serializer(mode="wrap")
        def count(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
            serialised.append(self.call_id)
            fields: dict[str, Any] = dump(self)
            return fields

    async def work(_: Seeing, call: CallTranscribed) -> CallClassified:
        return Counted(**dict(classified(call)))

    monkeypatch.setattr(Seeing, "work", work)
    runner, _, published = make()
    await runner.take(message(SMALL))
    assert [event.call_id for event in published.classified()] == serialised == [SMALL.call_id]


async def test_the_store_is_asked_in_a_thread_of_its_own_and_never_on_the_event_loop(
    make: Make, light: CallTranscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    get, put = ClaimCheckStore.get, ClaimCheckStore.put

    def getting(claim: ClaimCheck) -> bytes:
        threads.append(threading.current_thread())
        return get(claim)

    def putting(store: ClaimCheckStore, name: str, payload: bytes) -> ClaimCheck:
        threads.append(threading.current_thread())
        return put(store, name, payload)

    monkeypatch.setattr(ClaimCheckStore, "get", staticmethod(getting))
    monkeypatch.setattr(ClaimCheckStore, "put", putting)
    runner, _, _ = make()
    await runner.take(message(light))
    await runner.take(message(large(), 1))
    assert len(threads) == 2
    assert threading.current_thread() not in threads


async def test_without_a_store_events_stay_as_they_are() -> None:
    published = Published()
    await StageRunner(STAGES["classify"], Seeing(), published.publish, SETTINGS).take(message(large()))
    assert published.classified()[0].turns == large().turns
