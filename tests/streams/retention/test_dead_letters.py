"""Old dead letters and the marks of their replays."""

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer

from schemas import DeadLetter
from streams.dead_letters.listing import read_letters, read_replays
from streams.dead_letters.replay import mark
from streams.kafka import KafkaUnavailable, client_config, produce
from streams.kafka.ranges import topic_ranges
from streams.retention.dead_letters import find_old_letters, find_old_marks, remove_letters, remove_marks
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, REPLAYS
from tests.schemas import examples
from tests.streams.hostile import configure
from tests.streams.retention.test_payloads import acknowledge

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)
BEFORE = NOW - timedelta(days=7)  # less than the topic's own retention, or the brokers may be faster


def publish(kafka: KafkaSettings, name: str, age_days: float, partition: int = 0) -> DeadLetter:
    """Publish a letter as it was published some days ago."""
    given_up = NOW - timedelta(days=age_days)
    letter = examples.dead_letter().model_copy(update={"event_id": name, "gave_up_at": given_up})
    producer = Producer(client_config(kafka) | {"acks": "all"})
    if age_days:  # the brokers' own time is else the one that counts
        configure(kafka, DEAD_LETTER, message_timestamp_type="CreateTime")
    timestamp_ms = round(given_up.timestamp() * 1000)
    topic, value = kafka.prefix + DEAD_LETTER.name, letter.model_dump_json().encode()
    producer.produce(topic, value, partition=partition, timestamp=timestamp_ms)
    assert producer.flush(30) == 0
    return letter


def letters(kafka: KafkaSettings) -> list[str]:
    return sorted(letter.event_id for letter in read_letters(kafka))


def test_old_letters_go_and_young_ones_stay(real_kafka: KafkaSettings) -> None:
    for name, age_days, partition in [("a", 9, 0), ("b", 8, 0), ("c", 6, 0), ("d", 20, 1), ("e", 1, 2)]:
        publish(real_kafka, name, age_days, partition)
    acknowledge(real_kafka, DEAD_LETTER, "sink")
    old = find_old_letters(real_kafka, BEFORE)
    assert (old.looked_at, old.pending, old.expired) == (5, 0, 3)
    assert letters(real_kafka) == ["a", "b", "c", "d", "e"]
    remove_letters(real_kafka, old)
    assert letters(real_kafka) == ["c", "e"]
    again = find_old_letters(real_kafka, BEFORE)
    assert (again.looked_at, again.pending, again.expired) == (2, 0, 0)


def test_an_old_letter_stays_until_the_sink_has_acknowledged_it(real_kafka: KafkaSettings) -> None:
    for name in "abc":
        publish(real_kafka, name, 8)
    remove_letters(real_kafka, old := find_old_letters(real_kafka, BEFORE))
    assert (old.pending, old.expired) == (3, 0)
    acknowledge(real_kafka, DEAD_LETTER, "sink", left=1)
    remove_letters(real_kafka, old := find_old_letters(real_kafka, BEFORE))
    assert (old.pending, old.expired) == (1, 2)
    assert letters(real_kafka) == ["c"]


def test_old_marks_are_forgotten(real_kafka: KafkaSettings) -> None:
    marks = [
        (name, mark(examples.dead_letter().model_copy(update={"event_id": name}), NOW - timedelta(days=age_days)))
        for name, age_days in (("a", 8), ("b", 6), ("c", 20))
    ]
    produce(real_kafka, REPLAYS.name, [(name, found.model_dump_json().encode()) for name, found in marks])
    old = find_old_marks(real_kafka, BEFORE)
    assert (old.looked_at, sorted(old.letters)) == (3, ["a", "c"])
    remove_marks(real_kafka, old)
    assert list(read_replays(real_kafka)) == ["b"]
    assert find_old_marks(real_kafka, BEFORE) == (1, [])


def test_a_broker_that_knows_no_times_loses_nothing(embedded_kafka: KafkaSettings) -> None:
    publish(embedded_kafka, "a", 0)
    acknowledge(embedded_kafka, DEAD_LETTER, "sink")
    old = find_old_letters(embedded_kafka, BEFORE)
    assert (old.looked_at, old.expired) == (1, 0)
    remove_letters(embedded_kafka, old)
    assert sum(part.end - part.start for part in topic_ranges(embedded_kafka, DEAD_LETTER.name).values()) == 1


def test_without_the_topic_nothing_is_found(real_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match=r"no topic wrong\.calls\.dead-letter"):
        find_old_letters(real_kafka.model_copy(update={"prefix": "wrong."}), BEFORE)
