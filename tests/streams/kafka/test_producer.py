"""The producer that waits for confirmations: what is not confirmed is named, for each message."""

import pytest
from confluent_kafka import KafkaError

from streams.kafka.client import KafkaUnavailable
from streams.kafka.producer import ConfirmingProducer, OutgoingMessage, is_too_large, produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.settings import KafkaSettings
from streams.topics import ENDED
from tests.test_rooms import MODULES, ROOT, imported

NOWHERE = KafkaSettings(bootstrap_servers="127.0.0.1:9")
TOO_LARGE = b"x" * 20_000_000


def test_one_module_makes_producers_so_that_one_partitioner_holds_for_every_key() -> None:
    makers = {str(path.relative_to(ROOT)) for path in MODULES if "confluent_kafka.Producer" in imported(path)}
    assert makers - {"callsift/embedded.py"} == {"streams/kafka/producer.py"}  # its mock cluster belongs to a client


@pytest.mark.integration
def test_each_message_has_its_own_answer(kafka: KafkaSettings) -> None:
    sent = [OutgoingMessage(ENDED.name, b"key", value) for value in (b"1", TOO_LARGE, b"2")]
    first, refused, last = ConfirmingProducer(kafka).publish(sent)
    assert (first, last) == (None, None)
    assert refused is not None
    assert is_too_large(refused)
    assert [message.value() for message in read(kafka, topic_ranges(kafka, ENDED.name))] == [b"1", b"2"]


@pytest.mark.integration
def test_a_message_larger_than_the_client_sends_is_an_error_that_names_the_topic(kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match=r"calls\.ended.*(?i:too large)"):
        produce(kafka, ENDED.name, [("a", TOO_LARGE)])


@pytest.mark.integration
def test_more_messages_than_the_client_queues_are_an_error_that_names_the_topic() -> None:
    with pytest.raises(KafkaUnavailable, match=r"calls\.ended"):
        produce(NOWHERE, ENDED.name, [("a", b"1")] * 100_001, timeout_s=1)


@pytest.mark.integration
def test_brokers_that_refused_once_are_asked_again() -> None:
    producer = ConfirmingProducer(NOWHERE, timeout_s=1)
    producer.last_error.is_refused = True
    [error] = producer.publish([OutgoingMessage(ENDED.name, b"key", b"1")])
    assert error is not None
    assert error.code() == KafkaError._MSG_TIMED_OUT  # its whole time was waited for


@pytest.mark.integration
def test_a_topic_that_is_missing_on_a_real_broker_is_named(real_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailable, match="nowhere"):
        produce(real_kafka, "nowhere", [("a", b"1")], timeout_s=2)


@pytest.mark.integration
def test_a_broker_that_is_not_there_is_named_as_the_problem() -> None:
    with pytest.raises(KafkaUnavailable, match="CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"):
        produce(NOWHERE, "calls.ended", [("a", b"1")], timeout_s=1)
