"""Plain clients over TCP: one suite for the embedded broker and for a real Kafka."""

import pytest

from streams.kafka.client import KafkaUnavailable, TopicReader, produce
from streams.kafka.topic_admin import create_topics, partitions
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS

pytestmark = pytest.mark.integration


def read(reader: TopicReader, count: int) -> list[bytes]:
    found = []
    for value in reader.values(timeout_s=20):
        found.append(value)
        if len(found) == count:
            break
    reader.close()
    return found


def test_a_reader_from_the_start_sees_what_was_there(kafka: KafkaSettings) -> None:
    produce(kafka, "calls.ended", [("a", b"1"), ("b", b"2")])
    assert sorted(read(TopicReader(kafka, "calls.ended", from_start=True), 2)) == [b"1", b"2"]


def test_a_reader_from_the_end_sees_only_what_comes_after_it(kafka: KafkaSettings) -> None:
    produce(kafka, "calls.audio", [("a", b"before")])
    reader = TopicReader(kafka, "calls.audio", from_start=False)
    produce(kafka, "calls.audio", [("a", b"after")])
    assert read(reader, 1) == [b"after"]


def test_messages_of_one_key_keep_their_order(kafka: KafkaSettings) -> None:
    values = [f"{number}".encode() for number in range(50)]
    produce(kafka, "calls.classified", [("the same call", value) for value in values])
    assert read(TopicReader(kafka, "calls.classified", from_start=True), 50) == values


def test_what_was_not_said_in_time_is_not_waited_for(kafka: KafkaSettings) -> None:
    reader = TopicReader(kafka, "calls.outcomes", from_start=False)
    assert list(reader.values(timeout_s=0.3)) == []
    reader.close()


def test_every_topic_of_the_catalogue_is_listed_with_its_partitions(kafka: KafkaSettings) -> None:
    found = partitions(kafka)
    assert found.keys() == {kafka.prefix + topic.name for topic in ALL_TOPICS}
    assert all(found.values())


def test_creating_topics_on_the_embedded_broker_says_what_it_cannot(embedded_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match="answers no admin request"):
        create_topics(embedded_kafka)


def test_a_topic_that_is_missing_on_a_real_broker_is_named_with_the_cure(real_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match=r"no topic .*nowhere.*callsift topics create"):
        TopicReader(real_kafka, "nowhere", from_start=True)
    with pytest.raises(KafkaUnavailable, match="nowhere"):
        produce(real_kafka, "nowhere", [("a", b"1")], timeout_s=2)


def test_a_broker_that_is_not_there_is_named_as_the_problem() -> None:
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:9")
    with pytest.raises(KafkaUnavailable, match="CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"):
        produce(nowhere, "calls.ended", [("a", b"1")], timeout_s=1)
