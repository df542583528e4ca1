"""Reading topics over TCP: one suite for the embedded broker and for a real Kafka."""

import threading
from contextlib import closing

import pytest

from streams.kafka.client import KafkaUnavailable
from streams.kafka.producer import produce
from streams.kafka.ranges import Range, topic_ranges
from streams.kafka.reader import TopicReader, first_messages, read
from streams.settings import KafkaSettings
from streams.topics import AUDIO, ENDED
from tests.streams.transactions import TransactionalProducer

pytestmark = pytest.mark.integration


def taken(reader: TopicReader, count: int) -> list[bytes]:
    found = []
    for value in reader.values(timeout_s=20):
        found.append(value)
        if len(found) == count:
            break
    reader.close()
    return found


def test_a_reader_from_the_start_sees_what_was_there(kafka: KafkaSettings) -> None:
    produce(kafka, "calls.ended", [("a", b"1"), ("b", b"2")])
    assert sorted(taken(TopicReader(kafka, "calls.ended", from_start=True), 2)) == [b"1", b"2"]


def test_a_reader_from_the_end_sees_only_what_comes_after_it(kafka: KafkaSettings) -> None:
    produce(kafka, "calls.audio", [("a", b"before")])
    reader = TopicReader(kafka, "calls.audio", from_start=False)
    produce(kafka, "calls.audio", [("a", b"after")])
    assert taken(reader, 1) == [b"after"]


def test_a_message_ends_a_long_wait_for_it_at_once(kafka: KafkaSettings) -> None:
    with closing(TopicReader(kafka, "calls.brakes", from_start=False, longest_wait_s=300)) as reader:
        threading.Timer(1, produce, (kafka, "calls.brakes", [("a", b"new")])).start()
        assert next(reader.values(None)) == b"new"


def test_messages_of_one_key_keep_their_order(kafka: KafkaSettings) -> None:
    values = [f"{number}".encode() for number in range(50)]
    produce(kafka, "calls.classified", [("the same call", value) for value in values])
    assert taken(TopicReader(kafka, "calls.classified", from_start=True), 50) == values


def test_values_end_when_their_time_is_over(kafka: KafkaSettings) -> None:
    reader = TopicReader(kafka, "calls.outcomes", from_start=False)
    assert list(reader.values(timeout_s=0.3)) == []
    reader.close()


def test_ranges_are_read_to_their_end_and_no_further(kafka: KafkaSettings) -> None:
    produce(kafka, AUDIO.name, [(f"{number}", b"before") for number in range(250)])
    ranges = topic_ranges(kafka, AUDIO.name)
    produce(kafka, AUDIO.name, [(f"{number}", b"after") for number in range(50)])
    assert [message.value() for message in read(kafka, ranges)] == [b"before"] * 250


def test_an_empty_topic_yields_nothing(kafka: KafkaSettings) -> None:
    assert list(read(kafka, topic_ranges(kafka, AUDIO.name))) == []


def test_the_first_message_of_each_range_is_found(kafka: KafkaSettings) -> None:
    produce(kafka, AUDIO.name, [("same key", f"{number}".encode()) for number in range(20)])
    [(place, part)] = [(place, part) for place, part in topic_ranges(kafka, AUDIO.name).items() if part.end]
    assert part == Range(0, 20)
    empty = (place[0], (place[1] + 1) % 3)
    found = first_messages(kafka, {place: Range(7, 20), empty: Range(0, 0)})
    assert {where: message and message.value() for where, message in found.items()} == {place: b"7", empty: None}


def test_a_reader_goes_on_after_the_end_that_a_topic_had(kafka: KafkaSettings) -> None:
    produce(kafka, AUDIO.name, [("a", b"1")])
    with closing(TopicReader(kafka, AUDIO.name, from_start=True)) as reader:
        produce(kafka, AUDIO.name, [("a", b"2")])
        found = list(reader.up_to_now())
        produce(kafka, AUDIO.name, [("a", b"3")])
        for value in reader.values(timeout_s=20):
            found.append(value)
            if value == b"3":
                break
    assert found == [b"1", b"2", b"3"]


def test_a_message_after_a_range_of_aborted_ones_is_not_the_first_of_that_range(real_kafka: KafkaSettings) -> None:
    producer = TransactionalProducer(real_kafka)
    producer.put("aborted", "aborted too")
    producer.abort()
    producer.put("committed")
    producer.commit()
    partition = (real_kafka.prefix + ENDED.name, 0)
    found = first_messages(real_kafka, {partition: Range(0, 2)})
    assert found == {partition: None}
    [message] = filter(None, first_messages(real_kafka, {partition: Range(0, 4)}).values())
    assert message.key() == b"committed"


def test_a_topic_that_is_missing_on_a_real_broker_is_named_with_the_cure(real_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match=r"no topic .*nowhere.*callsift topics create"):
        TopicReader(real_kafka, "nowhere", from_start=True)
    with pytest.raises(KafkaUnavailable, match=r"no topic .*nowhere.*callsift topics create"):
        topic_ranges(real_kafka, "nowhere")
