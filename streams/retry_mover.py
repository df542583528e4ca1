"""The retry mover: brings messages from the retry topics back to where they came from, when their time has come.

A plain consumer (no Faust): a message that is not due yet pauses its partition, and the poll goes on, so that the group
never waits for it. A message is committed after the broker has confirmed it on the topic it goes back to.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas import DeadLetter
from streams.errors import MessageRefused
from streams.health import Health
from streams.kafka.client import member_config
from streams.kafka.producer import ConfirmingProducer, OutgoingMessage, is_too_large
from streams.kafka.ranges import Partition
from streams.kafka.reader import headers_of, offset_of, partition_of
from streams.message import ORIGIN, Headers, Tries
from streams.message import Message as Taken
from streams.metrics import MOVED
from streams.payloads.codec import to_bytes
from streams.processing.dead_letter import GivenUp, bare, dead_letter
from streams.settings import KafkaSettings
from streams.topics import CONSUMED, DEAD_LETTER, RETRIES, RETRY_GROUP, STAGES

logger = logging.getLogger(__name__)

_POLL_S = 0.5


class RetryMover:
    """One member of the group that moves messages back."""

    def __init__(self, kafka: KafkaSettings, now_s: Callable[[], float] = time.time) -> None:
        """Make the clients; ``now_s`` is the clock that the messages' times are compared with."""
        self._now_s = now_s
        self._delays_s = {kafka.prefix + topic.name: topic.delay_s or 0 for topic in RETRIES}
        self._origins = {topic.name for topic in CONSUMED}
        for topic in CONSUMED:
            MOVED.labels(topic.name)  # a query is to find 0 rather than nothing
        self._due_s: dict[Partition, float] = {}
        self._consumer = Consumer(
            member_config(kafka, RETRY_GROUP)
            | {
                "topic.metadata.refresh.interval.ms": 10_000,
            }
        )
        self._producer = ConfirmingProducer(kafka)

    def run(self, health: Health, stopping: Callable[[], bool]) -> None:
        """Move messages until ``stopping`` says so."""

        def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self._start_anew(consumer, partitions)
            health.joined = True

        self._consumer.subscribe(list(self._delays_s), on_assign=assigned)
        try:
            while not stopping():
                health.beat()
                self._resume_due()
                message = self._consumer.poll(_POLL_S)
                if message is None:
                    continue
                if (error := message.error()) is not None:
                    logger.warning("poll failed", extra={"error": error.str()})
                    continue
                self._consider(message)
        finally:
            self._consumer.close()

    def _consider(self, message: Message) -> None:
        partition = partition_of(message)
        delay_s = self._delays_s[partition[0]]
        due_s = message.timestamp()[1] / 1000 + delay_s
        # What is due later than that was published by a clock that has been set back since: it goes at once.
        if self._now_s() < due_s <= self._now_s() + 2 * delay_s:
            self._due_s[partition] = due_s
            here = TopicPartition(*partition, offset_of(message))
            self._consumer.pause([here])
            self._consumer.seek(here)
        elif self._moved(message):
            try:
                self._consumer.commit(message=message, asynchronous=False)
            except KafkaException as error:  # it comes again and is moved twice, which does no harm
                logger.warning("not committed", extra={"error": error.args[0].str()})
        else:  # the brokers do not confirm: the same message again, after a poll
            self._consumer.seek(TopicPartition(*partition, offset_of(message)))

    def _moved(self, message: Message) -> bool:
        """Publish a message on its origin and tell whether the broker has confirmed it."""
        headers = headers_of(message)
        origin = (dict(headers).get(ORIGIN) or b"").decode(errors="replace")
        if origin not in self._origins:
            logger.error("message on a retry topic names no origin, left there", extra={"topic": message.topic()})
            return True
        error = self._published(origin, message.value(), message.key(), headers)
        if error is None:
            MOVED.labels(origin).inc()
            return True
        if is_too_large(error):  # it would hold up all that come after it
            return self._buried(message, headers, origin, error)
        logger.warning("not confirmed, trying again", extra={"topic": origin})
        return False

    def _buried(self, message: Message, headers: Headers, origin: str, error: KafkaError) -> bool:
        """Make a dead letter of a message that its origin does not take; tell whether that is confirmed."""
        stage, topic = next(
            (stage, topic) for stage in STAGES.values() for topic in stage.consumes if topic.name == origin
        )
        _, number = partition_of(message)
        here = f"{message.topic()}/{number}/{offset_of(message)}"
        taken = Taken(topic, number, offset_of(message), message.key(), message.value(), headers)
        refused = MessageRefused(
            f"{origin} refuses the message that waited at {here}: {error.str()}",
            "Compare max.message.bytes of both topics, then replay",
        )
        now = datetime.now(UTC)
        letter = dead_letter(stage.name, taken, GivenUp(refused, Tries.of(taken, now), None), now)
        confirmed = self._kept(letter) or self._kept(bare(letter, here))
        logger.error("gave up, dead letter", extra={"topic": origin, "error": refused.message, "confirmed": confirmed})
        return confirmed

    def _kept(self, letter: DeadLetter) -> bool:
        key = (letter.call_id or "").encode() or None
        return self._published(DEAD_LETTER.name, to_bytes(letter), key, ()) is None

    def _published(self, topic: str, value: bytes | None, key: bytes | None, headers: Headers) -> KafkaError | None:
        """Publish a message and wait; returns why the broker has not confirmed it, None where it has."""
        [error] = self._producer.publish([OutgoingMessage(topic, key, value, headers)])
        return error

    def _resume_due(self) -> None:
        due = [partition for partition, due_s in self._due_s.items() if due_s <= self._now_s()]
        for partition in due:
            del self._due_s[partition]
            try:
                self._consumer.resume([TopicPartition(*partition)])
            except KafkaException:  # handed on meanwhile: its new owner waits for it
                logger.debug("partition was handed on")

    def _start_anew(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take the partitions as if for the first time: librdkafka keeps a pause through an assignment."""
        self._due_s.clear()
        consumer.assign(partitions)
        consumer.resume(partitions)
