"""What is on topics at the moment of asking: a reader that ends, without a consumer group."""

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import wait
from datetime import datetime
from typing import Any, NamedTuple

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.kafka.client import client_config
from streams.kafka.last_error import KafkaUnavailable, Trouble, ask
from streams.settings import KafkaSettings

Place = tuple[str, int]
"""Full name of a topic, and a partition's number."""


class Range(NamedTuple):
    """A part of a partition, as offsets."""

    start: int
    """The first offset of it."""
    end: int
    """The offset after its last one."""


Ranges = Mapping[Place, Range]
_SILENCE_LIMIT_S = 15.0
_FIRST_LIMIT_S = 5.0
_EARLIEST, _LATEST = OffsetSpec.earliest(), OffsetSpec.latest()


class BrokerView:
    """Asks the brokers which topics there are and how far they reach."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Make the client; it connects when it is asked."""
        self.trouble = Trouble()
        config: dict[str, Any] = client_config(kafka) | {"error_cb": self.trouble}
        self.admin = AdminClient(config)

    def ranges(self, topics: Iterable[str]) -> dict[Place, Range]:
        """Return what each partition of ``topics`` (full names) holds; topics that do not exist are left out.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        wanted = set(topics)

        def question(limit_s: float) -> dict[Place, Range]:
            found = self.admin.list_topics(timeout=limit_s).topics
            places = [(name, number) for name in sorted(wanted & found.keys()) for number in found[name].partitions]
            starts = self._offsets(places, _EARLIEST, limit_s)
            ends = self._offsets(places, _LATEST, limit_s)
            return {place: Range(starts[place], ends[place]) for place in places}

        return ask(self.admin, self.trouble, "the brokers do not say what their topics hold", question)

    def first_since(self, places: Iterable[Place], moment: datetime) -> dict[Place, int]:
        """Return the first offset of each partition that was published at a moment or later; without it left out.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        asked = list(places)
        spec = OffsetSpec.for_timestamp(round(moment.timestamp() * 1000))
        what = "the brokers do not say when messages were published"
        found = ask(self.admin, self.trouble, what, lambda limit_s: self._offsets(asked, spec, limit_s))
        return {place: offset for place, offset in found.items() if offset >= 0}

    def _offsets(self, places: list[Place], spec: OffsetSpec, limit_s: float) -> dict[Place, int]:
        if not places:
            return {}
        asked = self.admin.list_offsets(
            {TopicPartition(*place): spec for place in places},
            request_timeout=limit_s,
            isolation_level=IsolationLevel.READ_COMMITTED,  # as everybody reads: up to the oldest open transaction
        )
        wait(asked.values())  # an admin client that is dropped while a question is open crashes the process
        return {(place.topic, place.partition): future.result().offset for place, future in asked.items()}


def topic_ranges(kafka: KafkaSettings, topic: str) -> dict[Place, Range]:
    """Return what each partition of one topic (name without prefix) holds at this moment.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic.
    """
    name = kafka.prefix + topic
    found = BrokerView(kafka).ranges([name])
    if not found:
        raise KafkaUnavailable(f"there is no topic {name}", "Create it with `callsift topics create`")
    return found


def read(kafka: KafkaSettings, ranges: Ranges) -> Iterator[Message]:
    """Yield every message of ``ranges``, in order within a partition, and end.

    Raises:
        KafkaUnavailable: The brokers refuse, or nothing came for 15 seconds although something should.
    """
    trouble = Trouble()
    reading = _Reading(kafka, ranges, trouble, {})
    silent_since_s = time.monotonic()
    try:
        while reading.unread:
            messages = reading.next()
            if messages:
                yield from messages
                silent_since_s = time.monotonic()  # whoever takes them may take their time
            elif trouble.is_refused or time.monotonic() - silent_since_s > _SILENCE_LIMIT_S:
                names = ", ".join(sorted({topic for topic, _ in reading.unread}))
                raise trouble.unavailable(f"cannot read {names}", "the brokers send nothing")
    finally:
        reading.close()


def first_messages(kafka: KafkaSettings, ranges: Ranges) -> dict[Place, Message | None]:
    """Return the first message of each range, None for one that holds none; what is not known in 5 s is left out."""
    found: dict[Place, Message | None] = {place: None for place, part in ranges.items() if part.start >= part.end}
    if len(found) == len(ranges):
        return found
    small = {"fetch.message.max.bytes": 65_536, "queued.min.messages": 1}  # one message of each is all that is wanted
    reading = _Reading(kafka, ranges, Trouble(), small)
    deadline = time.monotonic() + _FIRST_LIMIT_S
    try:
        while reading.unread and time.monotonic() < deadline:
            for message in reading.next():
                place = (str(message.topic()), int(message.partition() or 0))
                found.setdefault(place, message)
                reading.finish(place)
        return dict.fromkeys(ranges.keys() - reading.unread.keys()) | found
    finally:
        reading.close()


class _Reading:
    """A consumer that stands at the starts of some ranges."""

    def __init__(
        self, kafka: KafkaSettings, ranges: Ranges, trouble: Trouble, config: Mapping[str, str | int | float | bool]
    ) -> None:
        self.unread = {place: part.end for place, part in ranges.items() if part.start < part.end}
        """Where the ranges end that have not been read to their end."""
        # At the end of what is readable there need not be a message: offsets have gaps.
        own = {"group.id": "callsift.reader", "enable.auto.commit": False, "enable.partition.eof": True}
        # What was deleted since it was asked for is skipped, and no more than that.
        own |= {"auto.offset.reset": "earliest", "fetch.wait.max.ms": 100}
        self._consumer = Consumer(client_config(kafka) | own | dict(config) | {"error_cb": trouble})
        self._consumer.assign([TopicPartition(*place, ranges[place].start) for place in self.unread])

    def next(self) -> list[Message]:
        """Return some messages, after a fifth of a second at the latest."""
        wanted = []
        try:
            batch = self._consumer.consume(num_messages=100, timeout=0.2)
        except KafkaException:  # no message, like any other trouble; the caller's limit ends it
            return []
        for message in batch:
            place, error = (str(message.topic()), int(message.partition() or 0)), message.error()
            if place not in self.unread:
                continue
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    self.finish(place)
                continue
            offset, end = int(message.offset() or 0), self.unread[place]
            if offset < end:
                wanted.append(message)
            if offset >= end - 1:
                self.finish(place)
        return wanted

    def finish(self, place: Place) -> None:
        """Read no more of a partition."""
        if self.unread.pop(place, None) is not None:
            self._consumer.pause([TopicPartition(*place)])

    def close(self) -> None:
        self._consumer.close()
