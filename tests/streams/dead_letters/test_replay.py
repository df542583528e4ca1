"""Dead letters over TCP: read once, put back as they were, marked once the broker confirmed."""

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Message

from schemas import DeadLetter
from streams.dead_letters.listing import read_letters, read_replays, when_replayed
from streams.dead_letters.replay import replay
from streams.kafka import produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.message import REPLAY
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, ENDED, REPLAYS
from tests.schemas import examples

pytestmark = pytest.mark.integration


def letter(name: str, **changes: object) -> DeadLetter:
    return examples.dead_letter().model_copy(update={"event_id": name, "call_id": f"call of {name}", **changes})


def publish(kafka: KafkaSettings, *letters: DeadLetter) -> None:
    produce(kafka, DEAD_LETTER.name, [(found.call_id or "", found.model_dump_json().encode()) for found in letters])


def messages(kafka: KafkaSettings, topic: str) -> list[Message]:
    return list(read(kafka, topic_ranges(kafka, topic)))


def test_letters_come_once_and_a_message_that_is_no_letter_is_reported(kafka: KafkaSettings) -> None:
    publish(kafka, letter("a"), letter("b"), letter("a"))
    produce(kafka, DEAD_LETTER.name, [("x", b"no letter")])
    unreadable: list[str] = []
    assert sorted(found.event_id for found in read_letters(kafka, unreadable.append)) == ["a", "b"]
    assert [position.split("/")[0] for position in unreadable] == [kafka.prefix + DEAD_LETTER.name]


def test_a_replay_puts_the_original_back_and_marks_it(kafka: KafkaSettings) -> None:
    headers = (("traceparent", b"00-\xff\x00"), ("callsift-tries", b"9"))
    original = letter("a", key=b"\xffkey", value=b"\x00no json", headers=headers)
    publish(kafka, original)
    assert read_replays(kafka) == {}
    assert list(replay(kafka, read_letters(kafka))) == [(original, None)]
    [message] = messages(kafka, ENDED.name)
    assert (message.key(), message.value()) == (b"\xffkey", b"\x00no json")
    assert message.headers() == [("traceparent", b"00-\xff\x00"), (REPLAY, b"a")]
    assert read_replays(kafka).keys() == {"a"}
    [mark] = messages(kafka, REPLAYS.name)
    assert mark.key() == b"a"


def test_a_message_without_key_and_value_is_put_back_without_them(kafka: KafkaSettings) -> None:
    assert [problem for _, problem in replay(kafka, [letter("a", key=None, value=None, headers=())])] == [None]
    [message] = messages(kafka, ENDED.name)
    assert (message.key(), message.value()) == (None, None)


def test_messages_of_one_call_are_put_back_on_one_partition_in_their_order(kafka: KafkaSettings) -> None:
    originals = [letter(f"{number}", key=b"one call", value=f"{number}".encode()) for number in range(250)]
    assert len(list(replay(kafka, originals))) == 250
    put_back = messages(kafka, ENDED.name)
    assert [message.value() for message in put_back] == [original.value for original in originals]
    assert len({message.partition() for message in put_back}) == 1
    assert len(read_replays(kafka)) == 250


def test_a_letter_that_cannot_be_replayed_is_named_not_marked_and_holds_up_nothing(kafka: KafkaSettings) -> None:
    strange = letter("strange", topic="somebody.elses")
    found = {sent.event_id: problem for sent, problem in replay(kafka, [strange, letter("good")])}
    assert found["good"] is None
    assert "somebody.elses" in str(found["strange"])
    assert read_replays(kafka).keys() == {"good"}
    assert len(messages(kafka, ENDED.name)) == 1


def test_a_message_that_the_broker_finds_too_large_is_named_not_marked_and_holds_up_nothing(
    real_kafka: KafkaSettings,
) -> None:
    large = letter("large", value=b"x" * 20_000_000)
    found = {sent.event_id: problem for sent, problem in replay(real_kafka, [large, letter("good")])}
    assert "larger" in str(found["large"])
    assert read_replays(real_kafka).keys() == {"good"}


def test_a_mark_counts_although_the_letters_clock_was_ahead(kafka: KafkaSettings) -> None:
    ahead = letter("a").model_copy(update={"gave_up_at": datetime.now(UTC) + timedelta(hours=1)})
    assert [problem for _, problem in replay(kafka, [ahead])] == [None]
    assert when_replayed(ahead, read_replays(kafka)) is not None


def test_an_unreadable_mark_marks_nothing(kafka: KafkaSettings) -> None:
    produce(kafka, REPLAYS.name, [("a", b"nonsense")])
    assert read_replays(kafka) == {}
