"""The runner's escalation: quick tries, the retry topics, the dead letter."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas import CallOutcome, DeadLetter, Event
from streams.errors import NativeCodeDied, PermanentError, TransientError
from streams.message import ORIGIN, Headers, Message, Tries
from streams.processing.runner import StageRunner
from streams.processing.stopwatch import Stopwatch
from streams.topics import CLASSIFIED, DEAD_LETTER, OUTCOMES, RETRIES, STAGES, Topic
from tests.schemas.examples import call_classified
from tests.streams.scripted import (
    NOW,
    OUTCOME,
    PATIENCE,
    SETTINGS,
    Away,
    Broker,
    Scripted,
    after_retries,
    message,
    take,
)

CLASSIFIED_CALL = call_classified()


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
    await StageRunner(STAGES["audio"], Endless(), broker.publish, settings, patience=PATIENCE).take(message())
    assert broker.retry.topic is RETRIES[0]


async def test_the_cure_of_work_beyond_its_time_limit_is_a_whole_sentence() -> None:
    broker = Broker()
    await take(Scripted(TimeoutError()), broker, after_retries(len(RETRIES)))
    assert broker.dead_letter.error_type == "TookTooLong"
    assert broker.dead_letter.cure == "Raise CALLSIFT_RUNNER_WORK_LIMIT_S if the work may take longer"


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


class BrokenWork(Scripted):
    async def work(self, event: Any) -> Event | None:
        raise ZeroDivisionError


class BrokenNeed(Scripted):
    def needs_dependency(self, event: Any) -> bool:
        raise ZeroDivisionError


class BrokenSideOutput(Scripted):
    def side_output(self, event: Any, result: Event) -> tuple[Topic, Event] | None:
        raise ZeroDivisionError


class BrokenMessage(Message):
    @property
    def foreign_headers(self) -> Headers:
        if self.headers:
            raise ZeroDivisionError
        return ()


@pytest.mark.parametrize("broken", [BrokenWork, BrokenNeed, BrokenSideOutput, BrokenMessage])
async def test_a_bug_has_one_name_wherever_it_is(broken: type[Scripted] | type[BrokenMessage]) -> None:
    broker, taken, agent = Broker(), after_retries(len(RETRIES)), Scripted(PermanentError("bad", "mend it"))
    if issubclass(broken, Scripted):
        agent = broken(OUTCOME)
    else:
        taken = broken(**vars(taken))
    await take(agent, broker, taken)
    letter = broker.dead_letter
    assert (letter.error_type, letter.message) == ("UnexpectedError", "unknown error ZeroDivisionError")
    assert letter.cure.startswith("Read the worker's log and report the bug")


async def test_a_try_waits_as_long_as_the_failure_asks_to_be_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def over_at_once(pause_s: float) -> None:
        pauses.append(pause_s)

    monkeypatch.setattr("streams.processing.attempts.asyncio.sleep", over_at_once)
    asking = TransientError("too many requests", "wait")
    asking.retry_after_s = 7.5
    await take(Scripted(asking, TransientError("garbled", "wait"), OUTCOME), Broker())
    assert pauses == [7.5, 0]


async def a_dead_letter() -> Message:
    """Return a dead letter of the audio stage, as the sink takes it."""
    letters = Broker()
    await take(Scripted(PermanentError("bad", "cure")), letters)
    return message(letters.dead_letter.model_dump_json().encode(), DEAD_LETTER)


async def test_failed_work_on_a_dead_letter_goes_to_the_retry_topics() -> None:
    broker = Broker()
    await take(Scripted(TransientError("slow", "wait")), broker, await a_dead_letter(), STAGES["sink"])
    assert broker.retry.topic is RETRIES[0]
    assert dict(broker.retry.headers)[ORIGIN] == b"calls.dead-letter"


async def test_an_outage_spends_no_try_of_a_dead_letter() -> None:
    broker, agent = Broker(), Scripted(*[Away("store away", "wait")] * 10, OUTCOME)
    await take(agent, broker, await a_dead_letter(), STAGES["sink"])
    assert [sent.topic for sent in broker.published] == [OUTCOMES]
    assert CallOutcome.model_validate_json(broker.published[0].value).hops[-1].attempts == 1


async def test_a_dead_letter_without_an_outcome_is_set_aside_as_a_letter_about_it() -> None:
    broker, taken = Broker(), await a_dead_letter()
    await take(Scripted(PermanentError("unstorable", "look at it")), broker, taken, STAGES["sink"])
    letter = broker.dead_letter
    assert (letter.stage, letter.topic, letter.message) == ("sink", "calls.dead-letter", "unstorable")
    assert (letter.call_id, letter.value, letter.is_about_a_failure) == ("call-1", taken.value, True)


async def test_a_letter_about_a_dead_letter_makes_no_further_one() -> None:
    broker = Broker()
    await take(Scripted(PermanentError("unstorable", "look at it")), broker, await a_dead_letter(), STAGES["sink"])
    about_it, further = message(broker.dead_letter.model_dump_json().encode(), DEAD_LETTER), Broker()
    await take(Scripted(PermanentError("unstorable", "look at it")), further, about_it, STAGES["sink"])
    assert further.published == []


async def test_a_bug_of_the_conveyor_sets_its_message_aside(caplog: pytest.LogCaptureFixture) -> None:
    class Impossible(Message):
        @property
        def foreign_headers(self) -> Headers:
            if self.headers:
                raise ZeroDivisionError("customer said: my card is 4111")
            return ()

    broker, taken = Broker(), message()
    impossible = Impossible(taken.topic, taken.partition, taken.offset, taken.key, taken.value, taken.headers)
    await take(Scripted(TransientError("slow", "wait")), broker, impossible)
    assert (broker.dead_letter.topic, broker.dead_letter.offset, broker.dead_letter.value) == ("calls.ended", 17, None)
    assert "4111" not in caplog.text
    assert "4111" not in broker.dead_letter.model_dump_json()


async def test_a_bug_of_the_conveyor_with_a_letter_about_a_dead_letter_makes_no_further_one() -> None:
    class Impossible(Message):
        @property
        def foreign_headers(self) -> Headers:
            raise ZeroDivisionError

    broker, further = Broker(), Broker()
    await take(Scripted(PermanentError("unstorable", "look at it")), broker, await a_dead_letter(), STAGES["sink"])
    value = broker.dead_letter.model_dump_json().encode()
    await take(
        Scripted(PermanentError("no", "no")), further, Impossible(DEAD_LETTER, 0, 1, b"1", value), STAGES["sink"]
    )
    assert further.published == []


@pytest.mark.parametrize("tries", [b"9" * 4300, b"9" * 5000, b"-1", b"1e9", "٣".encode(), b" 7", b""])
async def test_an_unreadable_number_of_tries_counts_as_none(tries: bytes) -> None:
    header = (("callsift-tries", tries), ("callsift-retries", b"1"), ("callsift-first-tried-at", b"2026-11-22T09:00Z"))
    broker = Broker()
    await take(Scripted(TransientError("slow", "wait")), broker, message(headers=header))
    assert broker.retry.topic is RETRIES[0]
    assert dict(broker.retry.headers)["callsift-tries"] == b"3"


@pytest.mark.parametrize("elapsed_s", [0.0, 2.5])
async def test_a_wall_clock_that_is_set_back_changes_no_duration_and_fails_no_event(elapsed_s: float) -> None:
    moments, seconds = [NOW, NOW - timedelta(hours=1)], [100.0, 100.0 + elapsed_s]

    def start_watch() -> Stopwatch:
        return Stopwatch(lambda: moments.pop(0), lambda: seconds.pop(0) if len(seconds) > 1 else seconds[0])

    broker = Broker()
    runner = StageRunner(
        STAGES["sink"], Scripted(OUTCOME), broker.publish, SETTINGS, start_watch=start_watch, patience=PATIENCE
    )
    await runner.take(message(CLASSIFIED_CALL.model_dump_json().encode(), CLASSIFIED))
    outcome = CallOutcome.model_validate_json(broker.published[0].value, strict=True)
    assert outcome.stage_seconds["sink"] == elapsed_s
    assert outcome.hops[-1].finished_at - outcome.hops[-1].taken_at == timedelta(seconds=elapsed_s)
