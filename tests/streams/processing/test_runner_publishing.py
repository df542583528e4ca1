"""What the runner publishes: a confirmed result or a confirmed dead letter, whatever the brokers say."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from schemas import CallOutcome, DeadLetter, Event
from streams.errors import PermanentError, TransientError
from streams.processing.runner import StageRunner
from streams.topics import DEAD_LETTER, REPROCESS, STAGES, Topic
from tests.streams.scripted import OUTCOME, PATIENCE, SETTINGS, Away, Broker, Scripted, message, take


async def test_the_result_is_published_under_its_call_with_the_hop_of_the_stage() -> None:
    broker = Broker()
    await take(Scripted(OUTCOME), broker)
    [published] = broker.published
    assert published.topic is STAGES["audio"].produces
    assert published.key == b"call-1"
    event = CallOutcome.model_validate_json(published.value)
    assert [(hop.stage, hop.attempts) for hop in event.hops] == [("audio", 1)]
    assert event.hops[0].taken_at <= event.hops[0].finished_at


async def test_a_follow_up_is_published_after_the_result() -> None:
    newer = OUTCOME.model_copy(update={"revision": 2, "outcome_id": "o-2"})

    class Superseded(Scripted):
        async def follow_up(self, result: Any, published: Any) -> Event | None:
            assert result.outcome_id == "o-1"
            return newer if published.outcome_id == "o-1" else None

    broker = Broker()
    await take(Superseded(OUTCOME), broker)
    assert [CallOutcome.model_validate_json(sent.value).revision for sent in broker.published] == [1, 2]


async def test_nothing_is_published_of_a_result_of_which_nothing_is_due() -> None:
    class Published(Scripted):
        async def due(self, _result: Any) -> Event | None:
            return None

        async def follow_up(self, _result: Any, _published: Any) -> Event | None:
            raise AssertionError

    broker = Broker()
    await take(Published(OUTCOME), broker)
    assert broker.published == []


async def test_what_is_due_is_published_instead_of_the_result() -> None:
    newer = OUTCOME.model_copy(update={"revision": 2, "outcome_id": "o-2"})

    class Superseded(Scripted):
        async def due(self, _result: Any) -> Event | None:
            return newer

    broker = Broker()
    await take(Superseded(OUTCOME), broker)
    assert [CallOutcome.model_validate_json(sent.value) for sent in broker.published] == [newer]


async def test_a_turn_is_held_from_asking_what_is_due_until_nothing_follows() -> None:
    seen: list[str] = []

    class InTurn(Scripted):
        turn = asyncio.Lock()

        async def due(self, result: Any) -> Event | None:
            seen.append("due")
            await asyncio.sleep(0)
            return await super().due(result)

        async def follow_up(self, _result: Any, _published: Any) -> Event | None:
            await asyncio.sleep(0)
            seen.append("follows")
            return None

    class Refusing(Broker):
        async def publish(self, *arguments: Any, **more: Any) -> None:
            await super().publish(*arguments, **more)
            seen.append("confirmed")

    broker = Refusing(refusals=[ConnectionError()])
    runner = StageRunner(STAGES["audio"], InTurn(OUTCOME), broker.publish, SETTINGS, patience=PATIENCE)
    await asyncio.gather(*(runner.take(message()) for _ in range(3)))
    assert seen == ["due", "confirmed", "follows"] * 3


async def test_a_turn_ends_with_a_result_that_no_broker_takes() -> None:
    class InTurn(Scripted):
        turn = asyncio.Lock()

    broker = Broker(refusals=[PermanentError("too large", "raise the limit")])
    await take(InTurn(OUTCOME), broker)
    assert broker.dead_letter.message == "too large"
    assert not InTurn.turn.locked()


async def test_a_dependency_that_is_away_when_it_is_asked_what_is_due_is_asked_again() -> None:
    class Forgetful(Scripted):
        failures: ClassVar[list[Exception]] = [Away("away", "wait") for _ in range(10)]

        async def due(self, result: Any) -> Event | None:
            if self.failures:
                raise self.failures.pop()
            return await super().due(result)

    broker = Broker()
    await take(Forgetful(OUTCOME), broker)
    assert Forgetful.failures == []
    assert len(broker.published) == 1


async def test_a_side_output_is_confirmed_before_the_result() -> None:
    class Beside(Scripted):
        def side_output(self, event: Any, result: Event) -> tuple[Topic, Event] | None:
            return (REPROCESS, event) if result == OUTCOME else None

    broker = Broker(refusals=[ConnectionError()])
    await take(Beside(OUTCOME), broker)
    assert [sent.topic for sent in broker.published] == [REPROCESS, STAGES["audio"].produces]


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


async def test_an_unreadable_dead_letter_is_set_aside_with_its_bytes() -> None:
    broker = Broker()
    await take(Scripted(OUTCOME), broker, message(b"garbage", DEAD_LETTER), STAGES["sink"])
    letter = broker.dead_letter
    assert (letter.topic, letter.error_type, letter.value) == ("calls.dead-letter", "UnreadableEvent", b"garbage")


async def test_a_message_that_no_dead_letter_can_hold_is_left_at_its_position(caplog: pytest.LogCaptureFixture) -> None:
    too_large = PermanentError("too large", "raise the limit")
    broker = Broker(refusals=[too_large, too_large])
    await take(Scripted(PermanentError("bad", "mend it")), broker)
    assert broker.published == []
    [record] = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "stays where it is" in record.message


async def test_a_result_that_no_broker_takes_leaves_in_the_largest_form_that_it_takes() -> None:
    class Shrinking(Scripted):
        def smaller_form(self, refused: Event) -> Event | None:
            metadata = CallOutcome.model_validate(refused).metadata
            return OUTCOME.model_copy(update={"metadata": dict(list(metadata.items())[1:])}) if metadata else None

    too_large = PermanentError("too large", "raise the limit")
    whole = OUTCOME.model_copy(update={"metadata": {"a": 1, "b": 2}})
    broker = Broker(refusals=[too_large])
    await take(Shrinking(whole), broker)
    assert [CallOutcome.model_validate_json(sent.value).metadata for sent in broker.published] == [{"b": 2}]
    broker = Broker(refusals=[too_large] * 3)
    await take(Shrinking(whole), broker)
    assert broker.dead_letter.message == "too large"


async def test_a_bug_in_what_is_due_or_follows_costs_no_publication_and_holds_no_slot() -> None:
    class Broken(Scripted):
        async def due(self, _result: Any) -> Event | None:
            raise ZeroDivisionError

        async def follow_up(self, _result: Any, _published: Any) -> Event | None:
            raise ZeroDivisionError

    broker = Broker()
    await take(Broken(OUTCOME), broker)
    assert len(broker.published) == 1


async def test_a_note_that_cannot_be_taken_for_good_is_tried_once_and_said(caplog: pytest.LogCaptureFixture) -> None:
    class Refused(Scripted):
        asked = 0

        async def follow_up(self, _result: Any, _published: Any) -> Event | None:
            Refused.asked += 1
            raise PermanentError("the collection's validator refuses the mark", "mend it")

    broker = Broker()
    await take(Refused(OUTCOME), broker)
    assert (len(broker.published), Refused.asked) == (1, 1)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "twice" in record.message


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


async def test_a_retry_topic_that_refuses_a_message_is_passed_over() -> None:
    broker = Broker(refusals=[PermanentError("too large with its headers", "raise the limit")])
    await take(Scripted(TransientError("not there yet", "wait")), broker)
    assert broker.dead_letter.message == "not there yet"
