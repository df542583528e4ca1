"""What the brokers tell about the pipeline, while no worker runs."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.dead_letters.listing import read_letters
from streams.dead_letters.replay import replay
from streams.kafka import KafkaUnavailable, client_config, produce
from streams.monitor.observer import Observer
from streams.monitor.status import DeadLetterStatus
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, ENDED, RETRIES, STAGES
from tests.patience import PATIENCE_S
from tests.raw_producer import Raw, send
from tests.schemas import examples
from tests.streams.hostile import configure

pytestmark = pytest.mark.integration


def member(kafka: KafkaSettings, stage: str) -> Consumer:
    group = {"group.id": f"{kafka.prefix}callsift.{stage}", "enable.auto.commit": False}
    return Consumer(client_config(kafka) | group | {"auto.offset.reset": "earliest"})


def test_an_idle_pipeline_waits_for_nothing(kafka: KafkaSettings) -> None:
    found = Observer(kafka).look()
    assert [group.name for group in found.groups] == [*STAGES, "retry"]
    assert [group.group for group in found.groups] == [f"{kafka.prefix}callsift.{name}" for name in (*STAGES, "retry")]
    assert all(group.lag == 0 and group.waiting_since is None for group in found.groups)
    assert [retry.topic for retry in found.retries] == [topic.name for topic in RETRIES]
    assert found.dead_letters == DeadLetterStatus(0, 0)


def test_lag_and_age_count_only_uncommitted_messages(kafka: KafkaSettings) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)  # the brokers' times have no microseconds
    produce(kafka, ENDED.name, [("one call", f"{number}".encode()) for number in range(5)])
    found = Observer(kafka).look().groups[0]
    assert (found.name, found.lag) == ("audio", 5)
    assert found.waiting_since is not None
    assert found.waiting_since >= before
    [partition] = [partition for partition in found.partitions if partition.lag]
    assert (partition.committed, partition.end) == (None, 5)

    consumer = member(kafka, "audio")
    place = TopicPartition(kafka.prefix + ENDED.name, partition.partition, 3)
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()
    [partition] = [partition for partition in Observer(kafka).look().groups[0].partitions if partition.lag]
    assert (partition.committed, partition.end, partition.lag) == (3, 5, 2)


def test_a_retry_is_due_when_its_topics_delay_is_over(kafka: KafkaSettings) -> None:
    produce(kafka, RETRIES[0].name, [("a", b"1"), ("b", b"2")])
    found = Observer(kafka).look()
    waiting_since = found.groups[-1].waiting_since
    assert waiting_since is not None
    assert (found.groups[-1].lag, found.retries[0].waiting) == (2, 2)
    assert found.retries[0].next_due_at == waiting_since + timedelta(seconds=30)
    assert [retry.waiting for retry in found.retries[1:]] == [0, 0]


def test_one_observer_sees_dead_letters_come_and_be_replayed(kafka: KafkaSettings) -> None:
    observer = Observer(kafka)
    letters = [examples.dead_letter().model_copy(update={"event_id": name}) for name in "abc"]
    again = [*letters, letters[0]]  # a repetition is no other letter
    produce(kafka, DEAD_LETTER.name, [(letter.event_id, letter.model_dump_json().encode()) for letter in again])
    assert observer.look().dead_letters == DeadLetterStatus(3, 3)
    produce(kafka, DEAD_LETTER.name, [("x", b"no letter")])
    list(replay(kafka, (letter for letter in read_letters(kafka) if letter.event_id == "b")))
    assert observer.look().dead_letters == DeadLetterStatus(4, 3)
    assert Observer(kafka).look().dead_letters == DeadLetterStatus(4, 3)


def test_a_dead_letter_is_old_from_two_days_on_until_it_is_replayed_or_its_audio_is_gone(kafka: KafkaSettings) -> None:
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    ages = {"new": 47, "replayed": 60, "first": 49, "second": 167, "lost": 169}
    letters = [
        examples.dead_letter().model_copy(update={"event_id": name, "gave_up_at": now - timedelta(hours=hours)})
        for name, hours in ages.items()
    ]
    produce(kafka, DEAD_LETTER.name, [(letter.event_id, letter.model_dump_json().encode()) for letter in letters])
    list(replay(kafka, (letter for letter in read_letters(kafka) if letter.event_id == "replayed")))
    assert Observer(kafka, lambda: now).look().dead_letters == DeadLetterStatus(5, 4, old=2)


def test_a_broker_that_lists_no_groups_leaves_their_members_unknown(embedded_kafka: KafkaSettings) -> None:
    assert {group.members for group in Observer(embedded_kafka).look().groups} == {None}


def test_a_real_broker_tells_the_members(real_kafka: KafkaSettings) -> None:
    consumer = member(real_kafka, "sink")
    consumer.subscribe([real_kafka.prefix + DEAD_LETTER.name])
    deadline = time.monotonic() + PATIENCE_S
    while not consumer.assignment():
        assert time.monotonic() < deadline
        consumer.poll(0.2)
    members = {group.name: group.members for group in Observer(real_kafka).look().groups}
    consumer.close()
    assert members == {**dict.fromkeys((*STAGES, "retry"), 0), "sink": 1}


def test_topics_that_do_not_exist_yet_show_as_nothing(bare: KafkaSettings) -> None:
    found = Observer(bare).look()
    assert [group.partitions for group in found.groups] == [()] * (len(STAGES) + 1)
    assert found.dead_letters == DeadLetterStatus(0, 0)


@pytest.fixture
def bare(embedded_kafka: KafkaSettings) -> KafkaSettings:
    return embedded_kafka.model_copy(update={"prefix": "nobody."})


def test_brokers_that_do_not_answer_are_an_error_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.client.ask.__defaults__", (1.0,))  # seconds; commands ask for ten
    with pytest.raises(KafkaUnavailable, match="CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"):
        Observer(KafkaSettings(bootstrap_servers="127.0.0.1:1")).look()


async def test_a_message_with_a_time_before_all_years_waits_since_an_unknown_time(real_kafka: KafkaSettings) -> None:
    configure(real_kafka, ENDED, retention_ms=-1, message_timestamp_type="CreateTime")
    await send(real_kafka, ENDED.name, [Raw(b"a", b"1", timestamp_ms=-(2**62)), Raw(b"b", b"2", timestamp_ms=-5)])
    found = Observer(real_kafka).look().groups[0]
    assert (found.lag, found.waiting_since) == (2, None)
