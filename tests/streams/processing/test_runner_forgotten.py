"""The runner drops what arrives of a forgotten call, and what it had in work of one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas import Event
from streams.processing.runner import StageRunner
from streams.topics import CLASSIFIED, OUTCOMES, STAGES
from tests.schemas.examples import call_classified
from tests.streams.scripted import CALL, OUTCOME, PATIENCE, SETTINGS, Away, Broker, Scripted, message


def runner(agent: Scripted, publish: Any, is_forgotten: Callable[[str], bool], stage: str = "audio") -> StageRunner:
    return StageRunner(STAGES[stage], agent, publish, SETTINGS, is_forgotten=is_forgotten, patience=PATIENCE)


@pytest.mark.parametrize("value", [CALL.model_dump_json().encode(), b'{"call_id": "call-1"}', b"no JSON", None])
async def test_nothing_is_made_of_a_message_of_a_forgotten_call(value: bytes | None) -> None:
    """Not even a dead letter, which would hold the message: its call is known by its content, or else by its key."""
    broker, agent = Broker(), Scripted(OUTCOME)
    await runner(agent, broker.publish, {"call-1"}.__contains__).take(message(value))
    assert (agent.tries, broker.published) == (0, [])


async def test_other_calls_go_on() -> None:
    broker, agent = Broker(), Scripted(OUTCOME)
    await runner(agent, broker.publish, {"call-2"}.__contains__).take(message())
    assert len(broker.published) == 1


class Forgetful(Scripted):
    """Its call is forgotten while it works."""

    def __init__(self, *answers: Event | Exception | None) -> None:
        super().__init__(*answers)
        self.forgotten: set[str] = set()

    async def work(self, event: Any) -> Event | None:
        self.forgotten.add("call-1")
        return await super().work(event)


@pytest.mark.parametrize("answer", [OUTCOME, ValueError("a bug"), Away("refused", "start it")])
async def test_nothing_is_published_of_a_call_that_is_forgotten_while_it_is_in_work(answer: Event | Exception) -> None:
    broker, agent = Broker(), Forgetful(answer, OUTCOME)
    await runner(agent, broker.publish, agent.forgotten.__contains__).take(message())
    assert agent.tries
    assert broker.published == []


async def test_the_last_stage_says_again_that_the_call_is_forgotten() -> None:
    """A worker may have died between an outcome that came after the tombstone and its acknowledgement."""
    published: list[tuple[Any, bytes | None, bytes | None]] = []

    async def publish(topic: Any, *, key: bytes | None, value: bytes | None, headers: Any) -> None:
        published.append((topic, key, value))

    call = call_classified()
    taken = replace(message(call.model_dump_json().encode(), CLASSIFIED), key=None)
    agent = Scripted(OUTCOME)
    await runner(agent, publish, {call.call_id}.__contains__, "sink").take(taken)
    assert (agent.tries, published) == (0, [(OUTCOMES, call.call_id.encode(), None)])
