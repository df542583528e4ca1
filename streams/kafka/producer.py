"""Publishes messages and waits until the brokers have confirmed each of them.

Everything but the stages publishes through here; those use Faust's producer.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.kafka.client import LastError, client_config
from streams.message import Headers
from streams.settings import KafkaSettings

CONFIRMATION_LIMIT_S = 30.0
PARTITIONER = "murmur2_random"
"""The partitioner of Java and aiokafka: other producers of the same keys must choose the same partitions."""


class OutgoingMessage(NamedTuple):
    """A message to be published."""

    topic: str
    """Name without prefix."""
    key: bytes | None
    value: bytes | None
    """None tells a compacted topic to forget the key."""
    headers: Headers = ()


def make_producer(kafka: KafkaSettings, timeout_s: float, last_error: LastError) -> Producer:
    """Make a client that waits for all replicas, and gives up on a message after ``timeout_s`` seconds.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    own = {"acks": "all", "partitioner": PARTITIONER, "compression.type": kafka.compression}
    limits: dict[str, Any] = {"message.timeout.ms": round(timeout_s * 1000), "error_cb": last_error}
    return Producer(client_config(kafka) | own | limits)


def hand_over(
    producer: Producer, prefix: str, message: OutgoingMessage, on_delivery: Callable[[KafkaError | None, object], None]
) -> KafkaError | None:
    """Give a message to a client, which tells ``on_delivery`` what became of it; returns why it does not take it."""
    try:
        producer.produce(
            prefix + message.topic,
            message.value,
            message.key,
            headers=list(message.headers),
            on_delivery=on_delivery,
        )
    except KafkaException as error:  # larger than the client sends
        return cast("KafkaError", error.args[0])
    except BufferError:
        return KafkaError(KafkaError._QUEUE_FULL)
    return None


class ConfirmingProducer:
    """A producer that knows of each message whether the brokers have it."""

    def __init__(self, kafka: KafkaSettings, timeout_s: float = CONFIRMATION_LIMIT_S) -> None:
        """Make the client; it connects when it publishes, and gives up on a message after ``timeout_s`` seconds.

        Raises:
            SettingsError: A certificate or key cannot be used.
        """
        self._prefix = kafka.prefix
        self._timeout_s = timeout_s
        self.last_error = LastError()
        """Why messages are not confirmed, where the brokers say more than that time is up."""
        self._producer = make_producer(kafka, timeout_s, self.last_error)

    def publish(self, messages: Sequence[OutgoingMessage]) -> list[KafkaError | None]:
        """Publish messages in their order, wait, and return for each why it is not confirmed; None where it is.

        It waits for the time given, and not at all once the brokers refuse who we are. What is not confirmed is not
        sent later, but may have arrived.
        """
        self.last_error.forget()  # what it reported of earlier messages
        found: list[KafkaError | None] = [KafkaError(KafkaError._TIMED_OUT, "no confirmation in time")] * len(messages)

        def confirmed(number: int, error: KafkaError | None, _message: object) -> None:
            found[number] = error

        for number, message in enumerate(messages):
            refusal = hand_over(self._producer, self._prefix, message, partial(confirmed, number))
            if refusal is not None:
                found[number] = refusal
        deadline = time.monotonic() + self._timeout_s + 1
        while self._producer.flush(0.2) and time.monotonic() < deadline and not self.last_error.is_refused:
            pass
        if len(self._producer):  # only then: a purge also takes messages that are produced right after it
            self._producer.purge()
        return found


def produce(
    kafka: KafkaSettings,
    topic: str,
    messages: Sequence[tuple[str, bytes | None]],
    timeout_s: float = CONFIRMATION_LIMIT_S,
) -> None:
    """Publish messages (key, value) on a topic (name without prefix), and wait for the confirmation of all of them.

    No value (None) tells a compacted topic to forget the key.

    Raises:
        KafkaUnavailable: Not all were confirmed within ``timeout_s`` seconds, or the brokers refuse who we are.
    """
    produce_messages(kafka, [OutgoingMessage(topic, key.encode(), value) for key, value in messages], timeout_s)


def produce_messages(
    kafka: KafkaSettings, messages: Sequence[OutgoingMessage], timeout_s: float = CONFIRMATION_LIMIT_S
) -> None:
    """Publish messages, and wait for the confirmation of all of them.

    Raises:
        KafkaUnavailable: Not all were confirmed within ``timeout_s`` seconds, or the brokers refuse who we are.
    """
    producer = ConfirmingProducer(kafka, timeout_s)
    for message, error in zip(messages, producer.publish(messages), strict=True):
        if error is not None:
            raise producer.last_error.unavailable(f"could not publish to {kafka.prefix + message.topic}", error.str())


def is_too_large(error: KafkaError) -> bool:
    """Tell whether a message was refused for its size, so that sending it again is of no use."""
    return error.code() in {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
