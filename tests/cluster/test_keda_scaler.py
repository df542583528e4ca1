"""KEDA's own code reads a real Kafka as the chart tells it to: how many pods it wants of a stage, and when none."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, TopicPartition

from deploy.laptop.kafka import Cluster
from streams.kafka.client import client_config
from streams.kafka.kept_positions import keep_positions
from streams.kafka.producer import produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings
from streams.topics import AUDIO, REPROCESS, RETRIES, STAGES, Stage, Topic
from tests.cluster.keda import Reading, scalers, triggers
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.integration
LANE = STAGES["reprocess"].group
NOTHING = (False, 0, 0)


def told(reading: Reading) -> tuple[bool, float, int]:
    assert not reading.error
    return reading.active, reading.value, reading.pods


def give(kafka: KafkaSettings, topic: Topic, messages: int) -> None:
    produce(kafka, topic.name, [(f"call-{number}", b"1") for number in range(messages)])


def finish(kafka: KafkaSettings, topic: Topic, group: str) -> None:
    """Commit for a group, which has no members, all that is there."""
    places = [TopicPartition(*place, held.end) for place, held in topic_ranges(kafka, topic.name).items()]
    consumer = Consumer(client_config(kafka) | {"group.id": kafka.prefix + group, "enable.auto.commit": False})
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def test_pods_follow_the_lag_up_to_the_partitions_and_down_to_none(real_kafka: KafkaSettings) -> None:
    group = STAGES["transcribe"].group
    partitions = len(topic_ranges(real_kafka, AUDIO.name))
    finish(real_kafka, AUDIO, group)
    with scalers(triggers(real_kafka, "transcribe")) as asked:  # a threshold of 2
        assert [told(one) for one in asked.look()] == [NOTHING]
        give(real_kafka, AUDIO, 5)
        assert [told(one) for one in asked.look()] == [(True, 5, 3)]
        give(real_kafka, AUDIO, 10 * partitions)
        assert [told(one) for one in asked.look()] == [(True, 2 * partitions, partitions)]
        finish(real_kafka, AUDIO, group)
        assert [told(one) for one in asked.look()] == [NOTHING]


@pytest.mark.parametrize("stage", STAGES.values(), ids=lambda stage: stage.name)
def test_a_new_group_has_the_lag_of_what_there_is_on_each_topic(real_kafka: KafkaSettings, stage: Stage) -> None:
    with scalers(triggers(real_kafka, stage.name)) as asked:
        deadline = time.monotonic() + PATIENCE_S
        while any(one.error for one in asked.look()) and time.monotonic() < deadline:
            time.sleep(0.5)  # a partition that was made just now has no leader yet
        assert [told(one) for one in asked.look()] == [NOTHING] * len(stage.consumes)
        for number, topic in enumerate(stage.consumes, 1):
            give(real_kafka, topic, number)
        found = asked.look()
        assert [(one.active, one.value) for one in found] == [(True, number) for number, _ in enumerate(found, 1)]
        assert [one.metric for one in found] == [
            f"s{number}-kafka-{(real_kafka.prefix + topic.name).replace('.', '-')}"
            for number, topic in enumerate(stage.consumes)
        ]


def test_what_waits_for_another_try_asks_for_no_pods(real_kafka: KafkaSettings) -> None:
    for topic in RETRIES:
        give(real_kafka, topic, 20)
    for stage in STAGES.values():
        with scalers(triggers(real_kafka, stage.name)) as asked:
            assert {told(one) for one in asked.look()} == {NOTHING}


def test_a_paused_stage_keeps_one_pod_if_what_does_not_move_is_left_out_and_else_as_many_as_its_lag_asks_for(
    real_kafka: KafkaSettings,
) -> None:
    keep_positions(real_kafka)
    give(real_kafka, AUDIO, 8)
    left_out = ("--set-string", "workerDefaults.scaling.triggerMetadata.excludePersistentLag=true")
    with scalers(triggers(real_kafka, "transcribe")) as asked:
        assert [[told(one) for one in asked.look()] for _ in range(2)] == [[(True, 8, 4)]] * 2
    with scalers(triggers(real_kafka, "transcribe", *left_out)) as asked:
        assert [told(one) for one in asked.look()] == [(True, 8, 4)]
        assert [told(one) for one in asked.look()] == [(True, 0, 1)]


def test_an_activation_threshold_strands_as_many_calls_as_it_says(real_kafka: KafkaSettings) -> None:
    five = ("--set", "workers.reprocess.scaling.activationLagThreshold=5")
    with scalers(triggers(real_kafka, "reprocess", *five)) as asked:
        give(real_kafka, REPROCESS, 5)
        assert [one.active for one in asked.look()] == [False]
        give(real_kafka, REPROCESS, 1)
        assert [one.active for one in asked.look()] == [True]


def test_brokers_that_do_not_answer_are_an_error_and_no_lag_of_nothing() -> None:
    with scalers(triggers(KafkaSettings(bootstrap_servers="127.0.0.1:1"), "sink")) as asked:
        assert all("connection refused" in one.error for one in asked.look())


@pytest.mark.slow  # pytest -m slow tests/cluster: brokers forget no sooner than in a minute
def test_a_group_without_members_stays_at_no_pods_because_its_position_is_kept(
    start_cluster: Callable[..., Cluster],
) -> None:
    forgetful = {"offsets.retention.minutes": "1", "offsets.retention.check.interval.ms": "1000"}
    cluster = start_cluster(properties=forgetful)
    kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
    create_topics(kafka)
    give(kafka, REPROCESS, 240)
    finish(kafka, REPROCESS, LANE)
    finish(kafka, REPROCESS, "nobody keeps it")
    [kept] = triggers(kafka, "reprocess")
    with scalers([kept, {**kept, "consumerGroup": "nobody keeps it"}]) as asked:
        assert [told(one) for one in asked.look()] == [NOTHING, NOTHING]
        end = time.monotonic() + 90  # longer than brokers keep what nobody says again

        def forgotten() -> bool:
            keep_positions(kafka)
            return asked.look()[1].active and time.monotonic() > end

        until(forgotten, within_s=PATIENCE_S)
        found = asked.look()
        assert told(found[0]) == NOTHING
        assert told(found[1]) == (True, 240, 2)  # all that is kept, on a threshold of 200, and it never ends
