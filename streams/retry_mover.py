"""The retry mover: brings messages from the retry topics back to where they came from, when their time has come.

A plain consumer (no Faust): a message that is not due yet pauses its partition, and the poll goes on, so that the group
never waits for it. A message is committed after the broker has confirmed it on the topic it goes back to.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from operator import methodcaller
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from schemas import DeadLetter
from streams.errors import MessageRefused
from streams.health import Health
from streams.kafka.client import client_config, producer_config
from streams.message import ORIGIN, Tries
from streams.message import Message as Taken
from streams.metrics import MOVED
from streams.processing.dead_letter import GivenUp, bare, dead_letter
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, RETRIED, RETRIES, STAGES

logger = logging.getLogger(__name__)

GROUP = "callsift.retry"
_POLL_S = 0.5
_CONFIRM_S = 30.0
_REFUSALS = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
Position = tuple[str, int]


class RetryMover:
    """One member of the group that moves messages back."""

    def __init__(self, kafka: KafkaSettings, now_s: Callable[[], float] = time.time) -> None:
        """Make the clients; ``now_s`` is the clock that the messages' times are compared with."""
        self._prefix = kafka.prefix
        self._now_s = now_s
        self._delays_s = {kafka.prefix + topic.name: topic.delay_s or 0 for topic in RETRIES}
        self._origins = {topic.name for topic in RETRIED}
        for topic in RETRIED:
            MOVED.labels(topic.name)  # a query is to find 0 rather than nothing
        self._due_s: dict[Position, float] = {}
        self._consumer = Consumer(
            client_config(kafka)
            | {
                "group.id": kafka.prefix + GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": round(kafka.session_timeout_s * 1000),
                "heartbeat.interval.ms": round(kafka.heartbeat_interval_s * 1000),
                "topic.metadata.refresh.interval.ms": 10_000,
            }
        )
        self._producer = Producer(producer_config(kafka))

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
        position = (str(message.topic()), int(message.partition() or 0))
        delay_s = self._delays_s[position[0]]
        due_s = message.timestamp()[1] / 1000 + delay_s
        # What is due later than that was published by a clock that has been set back since: it goes at once.
        if self._now_s() < due_s <= self._now_s() + 2 * delay_s:
            self._due_s[position] = due_s
            here = TopicPartition(*position, message.offset() or 0)
            self._consumer.pause([here])
            self._consumer.seek(here)
        elif self._moved(message):
            try:
                self._consumer.commit(message=message, asynchronous=False)
            except KafkaException as error:  # it comes again and is moved twice, which does no harm
                logger.warning("not committed", extra={"error": error.args[0].str()})
        else:  # the brokers do not confirm: the same message again, after a poll
            self._consumer.seek(TopicPartition(*position, message.offset() or 0))

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
        if error.code() in _REFUSALS:  # it would hold up all that come after it
            return self._buried(message, headers, origin, error)
        logger.warning("not confirmed, trying again", extra={"topic": origin})
        return False

    def _buried(
        self, message: Message, headers: list[tuple[str, bytes | None]], origin: str, error: KafkaError
    ) -> bool:
        """Make a dead letter of a message that its origin does not take; tell whether that is confirmed."""
        stage, topic = next(
            (stage, topic) for stage in STAGES.values() for topic in stage.takes if topic.name == origin
        )
        here = (int(message.partition() or 0), int(message.offset() or 0))
        taken = Taken(topic, *here, message.key(), message.value(), tuple(headers))
        refused = MessageRefused(
            f"{origin} refuses the message that waited at {message.topic()}/{here[0]}/{here[1]}: {error.str()}",
            "Compare max.message.bytes of both topics, then replay",
        )
        now = datetime.now(UTC)
        letter = dead_letter(stage.name, taken, GivenUp(refused, Tries.of(taken, now), None), now)
        confirmed = self._kept(letter) or self._kept(bare(letter, f"{message.topic()}/{here[0]}/{here[1]}"))
        logger.error("gave up, dead letter", extra={"topic": origin, "error": refused.message, "confirmed": confirmed})
        return confirmed

    def _kept(self, letter: DeadLetter) -> bool:
        key = (letter.call_id or "").encode() or None
        return self._published(DEAD_LETTER.name, letter.model_dump_json().encode(), key, []) is None

    def _published(
        self, topic: str, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes | None]]
    ) -> KafkaError | None:
        """Publish a message and wait; returns why the broker has not confirmed it, None where it has."""
        failures: list[KafkaError] = []

        def confirmed(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures.append(error)

        try:
            self._producer.produce(self._prefix + topic, value, key, headers=list(headers), on_delivery=confirmed)
        except KafkaException as error:  # larger than the client sends
            failures.append(error.args[0])
        unconfirmed = self._producer.flush(_CONFIRM_S)
        return failures[0] if failures else KafkaError(KafkaError._TIMED_OUT) if unconfirmed else None

    def _resume_due(self) -> None:
        due = [position for position, due_s in self._due_s.items() if due_s <= self._now_s()]
        for position in due:
            del self._due_s[position]
            try:
                self._consumer.resume([TopicPartition(*position)])
            except KafkaException:  # handed on meanwhile: its new owner waits for it
                logger.debug("partition was handed on")

    def _start_anew(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take the partitions as if for the first time: librdkafka keeps a pause through an assignment."""
        self._due_s.clear()
        consumer.assign(partitions)
        consumer.resume(partitions)


_read_headers = methodcaller("headers")
"""confluent-kafka's C code returns with an error set for a name that is not UTF-8. Called directly, Python notices
that some calls later, anywhere; a call from C is looked at when it returns."""


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """Return a message's headers; none where a name is not UTF-8: the stages write such a name out."""
    try:
        return cast("list[tuple[str, bytes | None]]", _read_headers(message) or [])
    except (UnicodeDecodeError, SystemError):
        return []
