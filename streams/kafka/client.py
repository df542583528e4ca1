"""Plain Kafka clients, through confluent-kafka: for the command line and whatever else is no stage."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from streams.kafka.last_error import AnswerT, KafkaUnavailable, Trouble, ask
from streams.kafka.security import librdkafka_security
from streams.settings import KafkaSettings
from streams.topics import LARGEST_MESSAGE_BYTES

__all__ = ["KafkaUnavailable", "TopicReader", "client_config", "produce", "producer_config"]


def client_config(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Return what every librdkafka client needs to connect. It may hold a password: never log it.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    connection: dict[str, str | int | float | bool] = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "log_level": 2,
        "socket.timeout.ms": 10_000,
        "message.max.bytes": LARGEST_MESSAGE_BYTES,
    }
    connection |= librdkafka_security(kafka)
    return connection


def producer_config(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Return what every librdkafka producer of ours needs, so that all of them publish alike.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    # The partitioner of Java and aiokafka: other producers of the same keys must choose the same partitions.
    own = {"acks": "all", "partitioner": "murmur2_random", "compression.type": kafka.compression}
    return client_config(kafka) | own


def produce(
    kafka: KafkaSettings, topic: str, messages: Sequence[tuple[str, bytes | None]], timeout_s: float = 30.0
) -> None:
    """Publish messages (key, value) and wait for the brokers' confirmation of all of them.

    No value (None) tells a compacted topic to forget the key.

    Raises:
        KafkaUnavailable: Not all were confirmed within ``timeout_s`` seconds, or the brokers refuse who we are.
    """
    trouble = Trouble()
    producer = Producer(producer_config(kafka) | {"message.timeout.ms": round(timeout_s * 1000), "error_cb": trouble})
    failures: list[KafkaError] = []

    def confirmed(error: KafkaError | None, _message: object) -> None:
        if error is not None:
            failures.append(error)

    for key, value in messages:
        producer.produce(kafka.prefix + topic, key=key.encode(), value=value, on_delivery=confirmed)
    deadline = time.monotonic() + timeout_s + 1
    while (unconfirmed := producer.flush(0.2)) and time.monotonic() < deadline and not trouble.is_refused:
        pass
    if failures or unconfirmed:
        producer.purge()
        reason = failures[0].str() if failures else "no confirmation in time"
        raise trouble.unavailable(f"could not publish to {kafka.prefix + topic}", reason)


class TopicReader:
    """Reads all partitions of one topic, without a consumer group and without committing anything."""

    def __init__(self, kafka: KafkaSettings, topic: str, *, from_start: bool) -> None:
        """Stand at the beginning, or at the end as it is at this moment.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic.
        """
        name = kafka.prefix + topic
        trouble = Trouble()
        self._consumer = Consumer(
            client_config(kafka)
            | {"group.id": "callsift.reader", "enable.auto.commit": False, "fetch.wait.max.ms": 100}
            # a topic that is made again begins anew: nothing on it is passed over
            | {"error_cb": trouble, "enable.partition.eof": True, "auto.offset.reset": "earliest"}
        )
        found = self._ask(trouble, name, lambda limit_s: self._consumer.list_topics(name, timeout=limit_s)).topics[name]
        if found.error is not None and found.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise KafkaUnavailable(
                f"not allowed to read {name}", "`callsift topics export --acls` lists what is needed"
            )
        if found.error is not None or not found.partitions:
            raise KafkaUnavailable(f"there is no topic {name}", "Create it with `callsift topics create`")
        positions = []
        for number in found.partitions:
            place = TopicPartition(name, number)
            first, end = self._ask(trouble, name, partial(self._watermarks, place))
            positions.append(TopicPartition(name, number, first if from_start else end))
        self._consumer.assign(positions)
        self._unread = {position.partition for position in positions}

    def _ask(self, trouble: Trouble, name: str, question: Callable[[float], AnswerT]) -> AnswerT:
        return ask(self._consumer, trouble, f"cannot read {name}", question)

    def _watermarks(self, place: TopicPartition, limit_s: float) -> tuple[int, int]:
        return self._consumer.get_watermark_offsets(place, timeout=limit_s)

    def values(self, timeout_s: float | None) -> Iterator[bytes]:
        """Yield the messages' values as they come, for ``timeout_s`` seconds at the most; None: for ever."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while deadline is None or time.monotonic() < deadline:
            for message in self._consumer.consume(num_messages=100, timeout=0.2):
                value = message.value()
                if message.error() is None and value is not None:
                    yield value

    def up_to_now(self, timeout_s: float = 30.0) -> Iterator[bytes]:
        """Yield the values from where the reader stands to the end of every partition.

        Raises:
            KafkaUnavailable: The end was not reached within ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while self._unread:
            if time.monotonic() > deadline:
                raise KafkaUnavailable("the end of the topic was not reached in time", "Try again")
            for message in self._consumer.consume(num_messages=100, timeout=0.2):
                error, value = message.error(), message.value()
                if error is None and value is not None:
                    yield value
                elif error is not None and error.code() == KafkaError._PARTITION_EOF:
                    self._unread.discard(message.partition())

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()
