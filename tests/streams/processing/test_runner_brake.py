"""The runner and what is invalid: a dead letter each, and the brake when nearly everything is."""

import asyncio
from dataclasses import replace

import pytest

from schemas import DeadLetter
from streams.errors import PermanentError
from streams.message import REPLAY, Message
from streams.processing.runner import StageRunner
from streams.topics import DEAD_LETTER, STAGES
from tests.streams.scripted import CALL, OUTCOME, PATIENCE, SETTINGS, Away, Broker, Scripted, message, take


@pytest.mark.parametrize(
    ("value", "expected_call", "says"),
    [
        (b"no json", "call-1", "Invalid JSON"),
        (b'{"call_id": "other"}', "other", "ended_at: Field required"),
        (b'{"schema_version": "2.0", "call_id": "x"}', "x", "found 2.0"),
        (None, "call-1", "found an empty message"),
    ],
)
async def test_an_unreadable_message_becomes_a_dead_letter_without_work(
    value: bytes | None, expected_call: str, says: str
) -> None:
    broker, agent = Broker(), Scripted(OUTCOME)
    await take(agent, broker, message(value))
    letter = broker.dead_letter
    assert agent.tries == 0
    assert letter.call_id == expected_call
    assert says in letter.message
    assert letter.cure


async def test_an_applied_brake_stops_the_stage_and_holds_the_event_that_applied_it() -> None:
    broker, told, pauses = Broker(), list[str](), list[str | None]()
    runner = StageRunner(
        STAGES["audio"],
        Scripted(OUTCOME),
        broker.publish,
        SETTINGS,
        on_pause=pauses.append,
        apply_brake=told.append,
        patience=replace(PATIENCE, brake_sample=5, brake_share=0.9),
    )
    for offset in range(4):
        await runner.take(replace(message(b"of another schema"), offset=offset))
    held = asyncio.create_task(runner.take(replace(message(b"of another schema"), offset=4)))
    good = asyncio.create_task(runner.take(replace(message(), offset=5)))
    await asyncio.sleep(0.01)
    assert [sent.topic for sent in broker.published] == [DEAD_LETTER] * 4
    assert told == pauses == ["5 of the last 5 events were invalid"]
    runner.brake.set(None)
    await asyncio.gather(held, good)
    assert sorted(sent.topic.name for sent in broker.published[4:]) == ["calls.audio", "calls.dead-letter"]


async def test_replays_do_not_apply_the_brake() -> None:
    broker = Broker()
    patience = replace(PATIENCE, brake_sample=3)
    runner = StageRunner(STAGES["audio"], Scripted(OUTCOME), broker.publish, SETTINGS, patience=patience)
    for offset in range(10):
        await runner.take(replace(message(b"garbage", headers=((REPLAY, b"id"),)), offset=offset))
    assert [sent.topic for sent in broker.published] == [DEAD_LETTER] * 10


@pytest.mark.parametrize(
    "strange",
    [
        message(CALL.model_dump_json().replace("2026-11-22T09:00:00Z", "0001-01-01T00:00:00+03:00").encode()),
        message(b"no event", headers=(("empty", None),)),
        message(headers=(("callsift-tries", None), ("callsift-retries", b"-9"), ("callsift-first-tried-at", None))),
    ],
    ids=["a time that no clock has", "a header without a value", "headers of ours that are not ours"],
)
async def test_no_message_however_strange_leaves_the_runner_as_an_exception(strange: Message) -> None:
    broker = Broker()
    await take(Scripted(PermanentError("bad", "mend it")), broker, strange)
    assert broker.dead_letter.value == strange.value
    assert DeadLetter.model_validate_json(broker.published[0].value, strict=True).headers == strange.foreign_headers


async def test_a_stage_that_is_braked_stays_so_when_its_dependency_comes_back() -> None:
    pauses: list[str | None] = []
    agent = Scripted(Away("refused", "start it"), OUTCOME)
    runner = StageRunner(STAGES["audio"], agent, Broker().publish, SETTINGS, on_pause=pauses.append, patience=PATIENCE)
    task = asyncio.create_task(runner.take(message()))
    while not pauses:  # a few turns of the loop
        await asyncio.sleep(0)
    runner.brake.set("everything invalid")
    await task
    assert pauses[-1] == runner.waits_for == "everything invalid"
