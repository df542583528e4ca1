"""Topics as the catalogue wants them: the comparison alone, and creating and checking on a real Kafka."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from typer.testing import CliRunner

from callsift.cli import app
from deploy.laptop.kafka import Cluster
from streams.kafka.client import KafkaUnavailable, client_config
from streams.kafka.ranges import BrokerView, Range, topic_ranges
from streams.kafka.topic_admin import TopicState, create_topics, drift, find_topics, partitions, wanted_topics
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS, AUDIO, ENDED, Topic
from tests import patience
from tests.patience import PATIENCE_S
from tests.servers.kafka import KafkaServer, delete_topics
from tests.streams.hostile import configure

until = partial(patience.until, within_s=60)
WANTED = {"calls.ended": TopicState(12, 3, {"retention.ms": "604800000", "min.insync.replicas": "2"})}


def lines(found: dict[str, TopicState]) -> list[str]:
    return [str(difference) for difference in drift(WANTED, found)]


def test_topics_as_wanted_differ_in_nothing() -> None:
    assert drift(WANTED, WANTED) == []


def test_more_partitions_settings_and_topics_than_wanted_are_no_difference() -> None:
    grown = replace(WANTED["calls.ended"], partitions=24, config={**WANTED["calls.ended"].config, "segment.ms": "1"})
    assert drift(WANTED, {"calls.ended": grown, "somebody.elses": TopicState(1, 1)}) == []


def test_every_difference_is_one_line_with_both_values() -> None:
    assert lines({}) == ["calls.ended: topic: expected present, found missing"]
    assert lines({"calls.ended": TopicState(4, 1, {"retention.ms": "1"})}) == [
        "calls.ended: partitions: expected 12 or more, found 4",
        "calls.ended: replication: expected 3, found 1",
        "calls.ended: retention.ms: expected 604800000, found 1",
        "calls.ended: min.insync.replicas: expected 2, found nothing",
    ]


def test_outcomes_are_compacted_for_ever_calls_end_some_day_and_one_broker_may_be_away() -> None:
    wanted = wanted_topics(KafkaSettings(prefix="p.", replication_factor=3))
    kept = {name: (state.config["cleanup.policy"], state.config["retention.ms"]) for name, state in wanted.items()}
    assert kept["p.calls.outcomes"] == ("compact", "-1")
    assert kept["p.calls.ended"] == ("delete", "604800000")
    assert {state.config["min.insync.replicas"] for state in wanted.values()} == {"2"}


@pytest.fixture
def bare_kafka(kafka_cluster: KafkaServer) -> Iterator[KafkaSettings]:
    """The shared Kafka, without topics."""
    kafka = kafka_cluster.settings()
    yield kafka
    delete_topics(kafka)


def check(kafka: KafkaSettings, *options: str) -> tuple[int, str]:
    variables = {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "CALLSIFT_KAFKA_PREFIX": kafka.prefix,
    }
    ended = CliRunner().invoke(app, ["topics", "create", *options], env=variables)
    return ended.exit_code, ended.stdout


@pytest.mark.integration
def test_topics_that_were_created_are_as_wanted_and_creating_again_changes_nothing(bare_kafka: KafkaSettings) -> None:
    assert len(create_topics(bare_kafka)) == len(ALL_TOPICS)
    assert create_topics(bare_kafka) == []
    assert drift(wanted_topics(bare_kafka), find_topics(bare_kafka)) == []
    assert check(bare_kafka, "--check") == (0, "")


@pytest.mark.integration
def test_the_check_of_an_empty_cluster_names_every_topic_and_creates_none(bare_kafka: KafkaSettings) -> None:
    exit_code, shown = check(bare_kafka, "--check", "--json")
    assert exit_code == 1
    missing = {difference["topic"] for difference in json.loads(shown) if difference["found"] == "missing"}
    assert missing == {bare_kafka.prefix + topic.name for topic in ALL_TOPICS}
    assert find_topics(bare_kafka) == {}


@pytest.mark.integration
def test_a_setting_that_somebody_changed_is_found_by_the_check(real_kafka: KafkaSettings) -> None:
    name = f"{real_kafka.prefix}calls.ended"
    change = ConfigEntry("retention.ms", "60000", incremental_operation=AlterConfigOpType.SET)
    admin = AdminClient(client_config(real_kafka))
    [altered] = admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])]
    ).values()
    altered.result(30)
    expected = (1, f"{name}: retention.ms: expected 604800000, found 60000\n")
    deadline = time.monotonic() + PATIENCE_S  # the broker that answers hears of it a moment after the controller
    while (found := check(real_kafka, "--check")) != expected:
        assert time.monotonic() < deadline, found


@pytest.mark.integration
def test_every_topic_of_the_catalogue_is_listed_with_its_partitions(kafka: KafkaSettings) -> None:
    found = partitions(kafka)
    assert found.keys() == {kafka.prefix + topic.name for topic in ALL_TOPICS}
    assert all(found.values())


@pytest.mark.integration
def test_creating_topics_on_the_embedded_broker_says_what_it_cannot(embedded_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match="answers no admin request"):
        create_topics(embedded_kafka)


def test_a_message_goes_a_day_after_its_time_at_the_latest_and_subscribers_see_tombstones_for_a_week() -> None:
    wanted = wanted_topics(KafkaSettings())
    day_ms, week_ms = "86400000", "604800000"
    for topic in ALL_TOPICS:
        config = wanted[topic.name].config
        assert config["segment.ms"] == day_ms, topic.name
        if topic.compacted:
            assert (config["max.compaction.lag.ms"], config["delete.retention.ms"]) == (day_ms, week_ms), topic.name


@pytest.mark.integration
@pytest.mark.slow  # make test-slow
def test_the_brokers_clock_says_how_long_a_message_is_kept_and_no_producers(
    start_cluster: Callable[..., Cluster],
) -> None:
    often = {"log.retention.check.interval.ms": "200", "log.initial.task.delay.ms": "100"}
    cluster = start_cluster(properties=often)
    kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
    create_topics(kafka)
    configure(kafka, AUDIO, message_timestamp_type="CreateTime")  # as Kafka has it by default
    now_ms = round(time.time() * 1000)
    producer = Producer(client_config(kafka) | {"acks": "all"})
    for topic in (ENDED, AUDIO):
        for days in (-8, 365):
            producer.produce(topic.name, b"value", partition=0, timestamp=now_ms + days * 86_400_000)
            assert producer.flush(30) == 0  # the brokers refuse a batch as a whole

    def held(topic: Topic) -> Range:
        return topic_ranges(kafka, topic.name)[topic.name, 0]

    until(lambda: held(AUDIO).start == held(AUDIO).end)  # one was refused, and the other one is gone
    assert held(AUDIO).end == 1
    assert held(ENDED) == Range(0, 2)
    hour_ago = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(hours=1)
    assert BrokerView(kafka).first_since([(ENDED.name, 0)], hour_ago) == {(ENDED.name, 0): 0}
