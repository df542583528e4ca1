"""What waits for a group: one meaning for whoever asks."""

from contextlib import closing

import pytest
from confluent_kafka import Consumer, TopicPartition

from callsift.embedded import free_port
from streams.kafka.client import client_config
from streams.kafka.lag import GroupLag, unread
from streams.kafka.producer import produce
from streams.kafka.ranges import Range
from streams.settings import KafkaSettings
from streams.topics import BRAKES


@pytest.mark.parametrize(
    ("committed", "start", "end", "expected"),
    [
        (None, 0, 0, 0),
        (None, 0, 7, 7),
        (None, 3, 7, 4),  # what was deleted does not wait
        (2, 3, 7, 4),
        (5, 3, 7, 2),
        (7, 3, 7, 0),
        (9, 0, 7, 0),  # the topic was made again
    ],
)
def test_the_unread_part_of_a_partition_lies_between_the_position_and_the_end(
    committed: int | None, start: int, end: int, expected: int
) -> None:
    part = unread(committed, Range(start, end))
    assert (part.end - part.start, part.end) == (expected, end)


@pytest.mark.integration
def test_a_lag_that_is_asked_for_again_follows_what_is_published_and_committed(kafka: KafkaSettings) -> None:
    place = (kafka.prefix + BRAKES.name, 0)
    group = f"{kafka.prefix}readers"
    with closing(GroupLag(kafka, group)) as lag:
        assert lag([place]) == 0
        produce(kafka, BRAKES.name, [("a", b"1"), ("a", b"2"), ("a", b"3")])
        assert lag([place]) == 3
        consumer = Consumer(client_config(kafka) | {"group.id": group})
        consumer.commit(offsets=[TopicPartition(*place, 2)], asynchronous=False)
        consumer.close()
        assert lag([place]) == 1


def test_a_lag_is_unknown_while_nobody_answers_and_its_clients_are_made_anew() -> None:
    with closing(GroupLag(KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}"), "group")) as lag:
        before = lag._view
        assert lag([("topic", 0)]) is None
        assert lag._view is not before
