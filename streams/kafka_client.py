"""Plain Kafka clients, through confluent-kafka: for the command line and whatever else is no stage."""

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from streams.errors import CallsiftError
from streams.settings import KafkaSettings


class KafkaUnavailable(CallsiftError):
    """The brokers did not answer, or refused."""


def client_config(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Return what every librdkafka client needs to connect."""
    return {"bootstrap.servers": kafka.bootstrap_servers, "log_level": 2, "socket.timeout.ms": 10_000}


def produce(kafka: KafkaSettings, topic: str, messages: list[tuple[str, bytes]], timeout_s: float = 30.0) -> None:
    """Publish messages (key, value) and wait for the brokers' confirmation of all of them.

    Raises:
        KafkaUnavailable: Not all were confirmed within ``timeout_s`` seconds.
    """
    # The partitioner of Java and aiokafka: other producers of the same keys must choose the same partitions.
    producer = Producer(
        client_config(kafka)
        | {"acks": "all", "partitioner": "murmur2_random", "message.timeout.ms": round(timeout_s * 1000)}
    )
    failures: list[KafkaError] = []

    def confirmed(error: KafkaError | None, _message: object) -> None:
        if error is not None:
            failures.append(error)

    for key, value in messages:
        producer.produce(kafka.prefix + topic, key=key.encode(), value=value, on_delivery=confirmed)
    unconfirmed = producer.flush(timeout_s + 1)
    if failures or unconfirmed:
        reason = failures[0].str() if failures else "no confirmation in time"
        raise KafkaUnavailable(f"could not publish to {kafka.prefix + topic}: {reason}", _CURE)


class TopicReader:
    """Reads all partitions of one topic, without a consumer group and without committing anything."""

    def __init__(self, kafka: KafkaSettings, topic: str, *, from_start: bool) -> None:
        """Stand at the beginning, or at the end as it is at this moment.

        Raises:
            KafkaUnavailable: The brokers do not answer, or there is no such topic.
        """
        name = kafka.prefix + topic
        self._consumer = Consumer(
            client_config(kafka)
            | {"group.id": "callsift.reader", "enable.auto.commit": False, "fetch.wait.max.ms": 100}
        )
        try:
            found = self._consumer.list_topics(name, timeout=10).topics[name]
            if found.error is not None or not found.partitions:
                raise KafkaUnavailable(f"there is no topic {name}", "Create it with `callsift topics create`")
            self._consumer.assign([self._position(name, number, from_start) for number in found.partitions])
        except KafkaException as error:
            raise KafkaUnavailable(f"cannot read {name}: {error.args[0].str()}", _CURE) from error

    def _position(self, name: str, partition: int, from_start: bool) -> TopicPartition:
        first, end = self._consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=10)
        return TopicPartition(name, partition, first if from_start else end)

    def values(self, timeout_s: float | None) -> Iterator[bytes]:
        """Yield the messages' values as they come, for ``timeout_s`` seconds at the most; None: for ever."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while deadline is None or time.monotonic() < deadline:
            for message in self._consumer.consume(num_messages=100, timeout=0.2):
                value = message.value()
                if message.error() is None and value is not None:
                    yield value

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()


_CURE = "Check CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and that the brokers are up"
