"""Plain clients against the embedded broker, over TCP."""

import pytest

from callsift.embedded import EmbeddedBroker
from streams.errors import CallsiftError
from streams.kafka_client import KafkaUnavailable, TopicReader, produce
from streams.provision import create_topics, partitions
from streams.settings import KafkaSettings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    return EmbeddedBroker("test.")


@pytest.fixture
def kafka(broker: EmbeddedBroker) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=broker.bootstrap_servers, prefix="test.")


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


def test_the_topics_are_listed_with_their_partitions(kafka: KafkaSettings) -> None:
    assert partitions(kafka)["test.calls.outcomes"] == 4


def test_creating_topics_on_the_embedded_broker_says_what_it_cannot(kafka: KafkaSettings) -> None:
    with pytest.raises(CallsiftError, match="answers no admin request"):
        create_topics(kafka)


def test_a_broker_that_is_not_there_is_named_as_the_problem() -> None:
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:9")
    with pytest.raises(KafkaUnavailable, match="CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"):
        produce(nowhere, "calls.ended", [("a", b"1")], timeout_s=1)
