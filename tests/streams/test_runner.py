"""The runner: every message ends as a confirmed result or a confirmed dead letter, whatever happens on the way."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import CallEnded, CallOutcome, DeadLetter, Event, OneFile
from streams.catalogue import DEAD_LETTER, ENDED, OUTCOMES, RETRIES, STAGES, TRANSCRIPTS, Stage, Topic
from streams.errors import DependencyDown, NativeCodeDied, PermanentError, TransientError
from streams.message import ORIGIN, REPLAY, Headers, Message, Tries
from streams.runner import Agent, StageRunner
from streams.settings import RunnerSettings
from tests.schemas.examples import call_transcribed

SETTINGS = RunnerSettings(quick_tries=3, backoff_s=0.0, probe_s=0.001, longest_probe_s=0.001, outage_streak=3)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CALL = CallEnded(call_id="call-1", ended_at=NOW, recording=OneFile(uri="file:///r.wav"))
OUTCOME = CallOutcome.following(CALL, state="done", outcome_id="o-1", category="uncertain", decided_at=NOW)


@dataclass(frozen=True)
class Published:
    topic: Topic
    key: bytes | None
    value: bytes
    headers: Headers

    def event(self) -> Event:
        return self.topic.event.model_validate_json(self.value, strict=True)


@dataclass
class Broker:
    """Where the runner publishes to; may refuse the first publications."""

    refusals: list[Exception] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)

    async def publish(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        assert value is not None
        self.published.append(Published(topic, key, value, headers))

    @property
    def dead_letter(self) -> DeadLetter:
        [published] = self.published
        assert published.topic is DEAD_LETTER
        letter = published.event()
        assert isinstance(letter, DeadLetter)
        return letter

    @property
    def retry(self) -> Published:
        [published] = self.published
        assert published.topic in RETRIES
        return published


class Busy(TransientError):
    dependency = "the model"


class Away(DependencyDown):
    dependency = "the model"


class Scripted(Agent[Event]):
    """An agent that answers each try as it was told, and repeats its last answer."""

    def __init__(self, *answers: Event | Exception | None) -> None:
        self.answers = list(answers)
        self.tries = 0

    async def work(self, event: Any) -> Event | None:
        self.tries += 1
        answer = self.answers[min(self.tries, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def message(
    value: bytes | None = CALL.model_dump_json().encode(),
    topic: Topic = ENDED,
    headers: Headers = (("source", b"pbx"),),
) -> Message:
    return Message(topic, partition=2, offset=17, key=b"call-1", value=value, headers=headers)


def after_retries(count: int) -> Message:
    """Return the message as it comes back from its last retry topic."""
    taken = message()
    for retries in range(count):
        taken = replace(taken, headers=Tries(NOW, made=3 * (retries + 1), retries=retries).headers(taken))
    return taken


async def take(agent: Scripted, broker: Broker, taken: Message | None = None, stage: Stage = STAGES["audio"]) -> None:
    await StageRunner(stage, agent, broker.publish, SETTINGS).take(taken or message())


async def test_the_result_is_published_under_its_call_with_the_hop_of_the_stage() -> None:
    broker = Broker()
    await take(Scripted(OUTCOME), broker)
    [published] = broker.published
    assert published.topic is STAGES["audio"].gives
    assert published.key == b"call-1"
    event = CallOutcome.model_validate_json(published.value)
    assert [(hop.stage, hop.attempts) for hop in event.hops] == [("audio", 1)]
    assert event.hops[0].taken_at <= event.hops[0].finished_at


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


@pytest.mark.parametrize("away", [Away("refused", "start it"), Busy("no answer", "wait")])
async def test_an_outage_of_whatever_length_spends_no_tries_and_makes_no_dead_letter(away: Exception) -> None:
    broker, agent = Broker(), Scripted(*[away] * 50, OUTCOME)
    pauses: list[str | None] = []
    runner = StageRunner(STAGES["audio"], agent, broker.publish, SETTINGS, on_pause=pauses.append)
    await runner.take(message())
    [published] = broker.published
    assert published.topic is STAGES["audio"].gives
    assert CallOutcome.model_validate_json(published.value).hops[0].attempts <= SETTINGS.quick_tries
    assert agent.tries == 51
    assert pauses == ["the model", None]


async def test_an_event_that_fails_while_others_get_through_is_itself_at_fault() -> None:
    class Picky(Scripted):
        async def work(self, event: Any) -> Event | None:
            await asyncio.sleep(0)
            if event.call_id == "call-1":
                raise Busy("no answer", "wait")
            return OUTCOME

    broker = Broker()
    runner = StageRunner(STAGES["audio"], Picky(), broker.publish, SETTINGS)
    other = message(CALL.model_copy(update={"call_id": "call-2"}).model_dump_json().encode())
    poisoned = asyncio.create_task(runner.take(message()))
    while not poisoned.done():
        await runner.take(replace(other, offset=18))
    assert [sent.topic for sent in broker.published if sent.topic in RETRIES] == [RETRIES[0]]
    assert runner.gate.away is None


async def test_several_events_in_a_row_without_their_dependency_pause_the_stage() -> None:
    class Unreachable(TransientError):
        dependency = "the recordings"
        one_event_tells = False

    agent = Scripted(Unreachable("no route", "look"))
    broker, pauses, paused = Broker(), list[str | None](), asyncio.Event()

    def on_pause(dependency: str | None) -> None:
        pauses.append(dependency)
        paused.set()

    runner = StageRunner(STAGES["audio"], agent, broker.publish, SETTINGS, on_pause=on_pause)
    await runner.take(message())
    assert (pauses, broker.retry.topic) == ([], RETRIES[0])
    later = [asyncio.create_task(runner.take(replace(message(), offset=offset))) for offset in (18, 19)]
    await asyncio.wait_for(paused.wait(), timeout=10)
    assert pauses == ["the recordings"]
    agent.answers = [OUTCOME]
    await asyncio.gather(*later)
    assert pauses == ["the recordings", None]


async def test_what_another_worker_stored_meanwhile_is_published_after_it() -> None:
    newer = OUTCOME.model_copy(update={"revision": 2, "outcome_id": "o-2"})

    class Superseded(Scripted):
        async def superseded(self, published: Any) -> Event | None:
            return newer if published.outcome_id == "o-1" else None

    broker = Broker()
    await take(Superseded(OUTCOME), broker)
    assert [CallOutcome.model_validate_json(sent.value).revision for sent in broker.published] == [1, 2]


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


async def test_a_dead_letter_that_is_too_large_goes_without_its_original_and_says_where_that_is() -> None:
    broker = Broker(refusals=[PermanentError("too large", "raise the limit")])
    await take(Scripted(PermanentError("bad", "mend it")), broker)
    assert broker.dead_letter.value is None
    assert "calls.ended/2/17" in broker.dead_letter.cure


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
    assert [sent.topic for sent in broker.published] == [OUTCOMES]


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


async def test_when_nearly_everything_is_invalid_the_stage_stops_and_what_stopped_it_is_no_dead_letter() -> None:
    broker, told, pauses = Broker(), list[str](), list[str | None]()
    settings = SETTINGS.model_copy(update={"brake_sample": 5, "brake_share": 0.9})
    runner = StageRunner(
        STAGES["audio"], Scripted(OUTCOME), broker.publish, settings, on_pause=pauses.append, apply_brake=told.append
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
    settings = SETTINGS.model_copy(update={"brake_sample": 3})
    runner = StageRunner(STAGES["audio"], Scripted(OUTCOME), broker.publish, settings)
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


async def test_a_retry_topic_that_refuses_a_message_is_passed_over() -> None:
    broker = Broker(refusals=[PermanentError("too large with its headers", "raise the limit")])
    await take(Scripted(TransientError("not there yet", "wait")), broker)
    assert broker.dead_letter.message == "not there yet"


async def test_events_that_name_their_own_dependency_make_room_although_the_gate_is_closed() -> None:
    class Unreachable(TransientError):
        dependency = "the recordings"
        one_event_tells = False

    broker = Broker()
    runner = StageRunner(STAGES["audio"], Scripted(Unreachable("no route", "look")), broker.publish, SETTINGS)
    await asyncio.gather(*(runner.take(replace(message(), offset=offset)) for offset in range(8)))
    assert [sent.topic for sent in broker.published] == [RETRIES[0]] * 8


async def test_an_event_that_asks_nobody_passes_a_closed_gate_and_does_not_open_it() -> None:
    class Rule(Scripted):
        def depends(self, event: Any) -> bool:
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
    assert runner.gate.away == "the model"
    waiting.cancel()


async def test_a_stage_that_is_braked_stays_so_when_its_dependency_comes_back() -> None:
    pauses: list[str | None] = []
    agent = Scripted(Away("refused", "start it"), OUTCOME)
    runner = StageRunner(STAGES["audio"], agent, Broker().publish, SETTINGS, on_pause=pauses.append)
    task = asyncio.create_task(runner.take(message()))
    while not pauses:  # noqa: ASYNC110 - a few turns of the loop
        await asyncio.sleep(0)
    runner.brake.set("everything invalid")
    await task
    assert pauses[-1] == runner.waits_for == "everything invalid"
