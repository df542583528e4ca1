"""How far a group is that has no members is kept; of one that has, its members say it."""

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.kafka.client import client_config
from streams.kafka.groups import committed
from streams.kafka.kept_positions import keep_positions
from streams.kafka.producer import produce
from streams.kafka.ranges import topic_ranges
from streams.settings import KafkaSettings
from streams.topics import CLASSIFIED, REPROCESS, STAGES
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.integration
LANE = STAGES["reprocess"].group


def positions(kafka: KafkaSettings, topic: str, group: str) -> dict[int, int]:
    places = list(topic_ranges(kafka, topic))
    return {number: at for (_, number), at in committed(kafka, {kafka.prefix + group: places}).items()}


def member(kafka: KafkaSettings, group: str, topic: str) -> Consumer:
    own = {"group.id": kafka.prefix + group, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    consumer = Consumer(client_config(kafka) | own)
    consumer.subscribe([kafka.prefix + topic])
    return consumer


def test_a_group_that_never_committed_is_where_its_workers_would_begin(kafka: KafkaSettings) -> None:
    produce(kafka, REPROCESS.name, [("a call", b"1")] * 3)
    assert positions(kafka, REPROCESS.name, LANE) == {}
    assert keep_positions(kafka) == len(STAGES) + 1
    starts = {number: held.start for (_, number), held in topic_ranges(kafka, REPROCESS.name).items()}
    assert positions(kafka, REPROCESS.name, LANE) == starts


def test_a_position_stays_what_it_is_and_no_other_one_is_changed(kafka: KafkaSettings) -> None:
    produce(kafka, REPROCESS.name, [("a call", b"1")] * 5)
    [(topic, number)] = [place for place, held in topic_ranges(kafka, REPROCESS.name).items() if held.end]
    consumer = Consumer(client_config(kafka) | {"group.id": kafka.prefix + LANE, "enable.auto.commit": False})
    consumer.commit(offsets=[TopicPartition(topic, number, 2)], asynchronous=False)
    consumer.close()
    keep_positions(kafka)
    keep_positions(kafka)
    assert positions(kafka, REPROCESS.name, LANE)[number] == 2


def test_a_group_with_a_member_is_left_to_it(kafka: KafkaSettings) -> None:
    produce(kafka, CLASSIFIED.name, [("a call", b"1")])
    group = STAGES["sink"].group
    consumer = member(kafka, group, CLASSIFIED.name)
    try:
        until(lambda: consumer.poll(0.2) is not None, within_s=PATIENCE_S)
        assert keep_positions(kafka) == len(STAGES)
        assert positions(kafka, CLASSIFIED.name, group) == {}
    finally:
        consumer.close()
