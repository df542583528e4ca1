"""The runner's ladder: quick tries, the retry topics, the dead letter."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas import CallOutcome, DeadLetter, Event
from streams.catalogue import DEAD_LETTER, OUTCOMES, RETRIES, STAGES, Topic
from streams.errors import NativeCodeDied, PermanentError, TransientError
from streams.message import ORIGIN, Tries
from streams.runner import StageRunner
from tests.streams.scripted import NOW, OUTCOME, SETTINGS, Broker, Scripted, after_retries, message, take


async def test_a_transient_error_is_tried_again_and_the_hop_counts_the_tries() -> None:
    broker, agent = Broker(), Scripted(TransientError("busy", "wait"), OUTCOME)
    await take(agent, broker)
    assert [CallOutcome.model_validate_json(sent.value).hops[0].attempts for sent in broker.published] == [2]


@pytest.mark.parametrize(("retries", "topic"), list(enumerate(RETRIES)))
async def test_a_transient_error_that_outlasts_the_quick_tries_goes_to_the_next_retry_topic(
    retries: int, topic: Topic
) -> None:
    broker, agent = Broker(), Scripted(TransientError("not there yet", "wait a while"))
    taken = after_retries(retries)
    await take(agent, broker, taken)
    assert broker.retry.topic is topic
    assert (broker.retry.key, broker.retry.value) == (taken.key, taken.value)
    headers = dict(broker.retry.headers)
    assert (headers["source"], headers[ORIGIN]) == (b"pbx", b"calls.ended")
    again = Tries.of(replace(taken, headers=broker.retry.headers), NOW + timedelta(hours=1))
    assert (again.made, again.retries) == (3 * (retries + 1), retries + 1)


async def test_after_the_last_retry_topic_comes_the_dead_letter_with_all_tries_counted() -> None:
    broker, agent = Broker(), Scripted(TransientError("not there yet", "wait a while"))
    await take(agent, broker, after_retries(len(RETRIES)))
    letter = broker.dead_letter
    assert (letter.attempts, letter.permanent, letter.error_type) == (12, False, "TransientError")
    assert letter.first_tried_at == NOW
    assert letter.headers == (("source", b"pbx"),)


async def test_a_call_that_was_retried_says_in_its_hop_how_many_tries_it_took() -> None:
    broker = Broker()
    await take(Scripted(OUTCOME), broker, after_retries(1))
    assert CallOutcome.model_validate_json(broker.published[0].value).hops[0].attempts == 4


async def test_work_beyond_the_time_limit_is_a_transient_error() -> None:
    class Endless(Scripted):
        async def work(self, event: Any) -> Event | None:
            await asyncio.Event().wait()
            return None

    broker = Broker()
    settings = SETTINGS.model_copy(update={"work_limit_s": 0.01, "quick_tries": 1})
    await StageRunner(STAGES["audio"], Endless(), broker.publish, settings).take(message())
    assert broker.retry.topic is RETRIES[0]


async def test_a_permanent_error_becomes_a_dead_letter_at_once_with_everything_a_replay_needs() -> None:
    broker, agent = Broker(), Scripted(PermanentError("no audio in it", "check the recording"))
    taken = message()
    await take(agent, broker, taken)
    letter = broker.dead_letter
    assert agent.tries == 1
    assert (letter.call_id, letter.stage, letter.message, letter.cure) == (
        "call-1",
        "audio",
        "no audio in it",
        "check the recording",
    )
    assert (letter.topic, letter.partition, letter.offset) == ("calls.ended", 2, 17)
    assert (letter.key, letter.value, letter.headers) == (taken.key, taken.value, taken.headers)
    assert letter.permanent
    restored = DeadLetter.model_validate_json(letter.model_dump_json(), strict=True)
    assert restored.value == taken.value


async def test_native_code_that_dies_twice_on_a_call_is_the_calls_fault() -> None:
    broker, agent = Broker(), Scripted(NativeCodeDied("crashed", "listen to it"))
    await take(agent, broker)
    assert broker.dead_letter.attempts == 2


async def test_an_unknown_exception_is_logged_with_its_stack_but_not_its_text_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker, agent = Broker(), Scripted(ZeroDivisionError("customer said: my card is 4111"), OUTCOME)
    await take(agent, broker)
    assert len(broker.published) == 1
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["error_type"] == "ZeroDivisionError"
    assert "in work" in record.__dict__["stack"]
    assert "4111" not in str(vars(record))


async def test_the_text_of_an_unknown_exception_does_not_reach_the_dead_letter() -> None:
    broker, agent = Broker(), Scripted(ValueError("customer said: my card is 4111"))
    await take(agent, broker, after_retries(len(RETRIES)))
    assert "4111" not in broker.dead_letter.model_dump_json()


async def test_work_on_a_dead_letter_is_tried_until_it_succeeds() -> None:
    broker, failing = Broker(), [TransientError("store away", "wait")] * 10
    letters = Broker()
    await take(Scripted(PermanentError("bad", "cure")), letters)
    taken = message(letters.dead_letter.model_dump_json().encode(), DEAD_LETTER)
    agent = Scripted(*failing, OUTCOME)
    await take(agent, broker, taken, STAGES["sink"])
    assert agent.tries == 11
    assert [sent.topic for sent in broker.published] == [OUTCOMES]
