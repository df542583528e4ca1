"""The runner: every message ends as a confirmed result or a confirmed dead letter, whatever happens on the way."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import CallEnded, CallOutcome, DeadLetter, Event, OneFile
from streams.catalogue import DEAD_LETTER, ENDED, OUTCOMES, STAGES, Stage, Topic
from streams.errors import NativeCodeDied, PermanentError, TransientError
from streams.runner import Message, StageRunner
from streams.settings import RunnerSettings

SETTINGS = RunnerSettings(quick_tries=3, backoff_s=0.0)
CALL = CallEnded(
    call_id="call-1", ended_at=datetime(2026, 11, 22, 9, tzinfo=UTC), recording=OneFile(uri="file:///r.wav")
)
OUTCOME = CallOutcome.following(
    CALL, state="done", outcome_id="o-1", category="uncertain", decided_at=datetime(2026, 11, 22, 9, tzinfo=UTC)
)


@dataclass
class Broker:
    """Where the runner publishes to; may refuse the first publications."""

    refusals: list[Exception] = field(default_factory=list)
    published: list[tuple[Topic, str | None, Event]] = field(default_factory=list)

    async def publish(self, topic: Topic, key: str | None, event: Event) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.published.append((topic, key, event))

    @property
    def dead_letter(self) -> DeadLetter:
        [(topic, _, event)] = self.published
        assert topic is DEAD_LETTER
        assert isinstance(event, DeadLetter)
        return event


class Scripted:
    """An agent that answers each try as it was told."""

    def __init__(self, *answers: Event | Exception | None) -> None:
        self.answers = list(answers)
        self.tries = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def work(self, event: Any) -> Event | None:
        self.tries += 1
        answer = self.answers[min(self.tries, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def message(value: bytes | None = CALL.model_dump_json().encode(), topic: Topic = ENDED) -> Message:
    return Message(topic, partition=2, offset=17, key=b"call-1", value=value, headers=(("source", b"pbx"),))


async def take(agent: Scripted, broker: Broker, taken: Message | None = None, stage: Stage = STAGES["audio"]) -> None:
    await StageRunner(stage, agent, broker.publish, SETTINGS).take(taken or message())


async def test_the_result_is_published_under_its_call_with_the_hop_of_the_stage() -> None:
    broker = Broker()
    await take(Scripted(OUTCOME), broker)
    [(topic, key, event)] = broker.published
    assert topic is STAGES["audio"].gives
    assert key == "call-1"
    assert [(hop.stage, hop.attempts) for hop in event.hops] == [("audio", 1)]
    assert event.hops[0].taken_at <= event.hops[0].finished_at


async def test_a_transient_error_is_tried_again_and_the_hop_counts_the_tries() -> None:
    broker, agent = Broker(), Scripted(TransientError("busy", "wait"), OUTCOME)
    await take(agent, broker)
    assert [event.hops[0].attempts for _, _, event in broker.published] == [2]


async def test_a_transient_error_that_outlasts_the_tries_becomes_a_dead_letter() -> None:
    broker, agent = Broker(), Scripted(TransientError("busy", "wait a while"))
    await take(agent, broker)
    letter = broker.dead_letter
    assert (letter.attempts, letter.permanent, letter.error_type) == (3, False, "TransientError")


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
    await take(agent, broker)
    assert "4111" not in broker.dead_letter.model_dump_json()


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


async def test_a_publication_that_is_not_confirmed_is_repeated_until_it_is() -> None:
    broker = Broker(refusals=[ConnectionError(), TimeoutError(), ConnectionError(), ConnectionError()])
    await take(Scripted(OUTCOME), broker)
    assert len(broker.published) == 1


async def test_a_dead_letter_that_is_not_confirmed_is_repeated_until_it_is() -> None:
    broker = Broker(refusals=[ConnectionError(), ConnectionError()])
    await take(Scripted(PermanentError("bad", "cure")), broker)
    assert broker.dead_letter.message == "bad"


async def test_a_result_that_no_broker_takes_becomes_a_dead_letter() -> None:
    broker = Broker(refusals=[PermanentError("too large", "raise the limit")])
    await take(Scripted(OUTCOME), broker)
    assert broker.dead_letter.message == "too large"


async def test_an_unreadable_dead_letter_makes_no_further_dead_letter() -> None:
    broker = Broker()
    await take(Scripted(OUTCOME), broker, message(b"garbage", DEAD_LETTER), STAGES["sink"])
    assert broker.published == []


async def test_work_on_a_dead_letter_is_tried_until_it_succeeds() -> None:
    broker, failing = Broker(), [TransientError("store away", "wait")] * 10
    letters = Broker()
    await take(Scripted(PermanentError("bad", "cure")), letters)
    taken = message(letters.dead_letter.model_dump_json().encode(), DEAD_LETTER)
    agent = Scripted(*failing, OUTCOME)
    await take(agent, broker, taken, STAGES["sink"])
    assert agent.tries == 11
    assert [topic for topic, _, _ in broker.published] == [OUTCOMES]


async def test_an_agent_that_makes_nothing_of_an_event_publishes_nothing() -> None:
    broker = Broker()
    await take(Scripted(None), broker)
    assert broker.published == []


@pytest.mark.parametrize("reveal", [lambda letter: letter.event_id, lambda letter: letter.trace_id])
async def test_the_same_failure_twice_gives_the_same_dead_letter(reveal: Callable[[DeadLetter], str]) -> None:
    first, second = Broker(), Broker()
    await take(Scripted(PermanentError("bad", "cure")), first)
    await take(Scripted(PermanentError("bad", "cure")), second)
    assert reveal(first.dead_letter) == reveal(second.dead_letter)
