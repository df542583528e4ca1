"""Reads topics to the end that they have at the moment of asking, or goes on as messages come.

It joins no consumer group and commits nothing.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from operator import methodcaller
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.kafka.client import KafkaUnavailable, LastError, client_config
from streams.kafka.ranges import Partition, Range, Ranges, topic_ranges
from streams.message import Headers
from streams.settings import KafkaSettings

_LONGEST_WAIT_S = 0.1
_BATCH = 100
_SILENCE_LIMIT_S = 15.0
_FIRST_LIMIT_S = 5.0
_LITTLE_AHEAD = {"queued.max.messages.kbytes": 4096}
"""Of each partition: whoever reads a whole topic takes its time, and the client's own 64 MiB would fill the memory."""


class TopicReader:
    """Reads all partitions of one topic. Close it: ``with closing(TopicReader(...)) as reader``."""

    def __init__(
        self, kafka: KafkaSettings, topic: str, *, from_start: bool, longest_wait_s: float = _LONGEST_WAIT_S
    ) -> None:
        """Stand at the beginning of a topic (name without prefix), or at the end as it is at this moment.

        Args:
            kafka: Where the topic is.
            topic: Its name, without prefix.
            from_start: Whether to stand at the beginning.
            longest_wait_s: Seconds, 300 at the most, that the brokers may hold a question to which there is no new
                message yet; a message ends it. That nothing is left is known after it, and Ctrl-C is heard after it.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic, or it may not be read.
        """
        ranges = topic_ranges(kafka, topic)
        if not from_start:
            ranges = {partition: Range(part.end, part.end) for partition, part in ranges.items()}
        self.stands_at = {number: part.start for (_, number), part in ranges.items()}
        """Where it stood when it was made: by partition, the offset of the first message that it gives."""
        self._reading = _Reading(kafka, ranges, {}, longest_wait_s)

    def values(self, timeout_s: float | None) -> Iterator[bytes]:
        """Yield the messages' values as they come, for ``timeout_s`` seconds at the most; None: for ever."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while deadline is None or time.monotonic() < deadline:
            yield from _values(self.batch())

    def batch(self) -> list[Message]:
        """Return the messages that came, tombstones too; none after two of the longest waits.

        Raises:
            KafkaException: A passing trouble; it goes on where it stood.
        """
        return self._reading.next()

    def up_to_now(self, silence_limit_s: float = _SILENCE_LIMIT_S) -> Iterator[bytes]:
        """Yield the values from where it stands to where the topic ended when this reader was made, and what follows.

        Raises:
            KafkaUnavailable: The brokers refuse, or nothing came for so many seconds although something should.
        """
        return _values(self._reading.to_end(silence_limit_s))

    def close(self) -> None:
        """Close the connections."""
        self._reading.close()


def read(kafka: KafkaSettings, ranges: Ranges) -> Iterator[Message]:
    """Yield every message of ``ranges``, in order within a partition, and end.

    Raises:
        KafkaUnavailable: The brokers refuse, or nothing came for 15 seconds although something should.
    """
    wanted = _not_empty(ranges)
    if wanted:
        with closing(_Reading(kafka, wanted, _LITTLE_AHEAD)) as reading:
            yield from _within(wanted, reading.to_end(_SILENCE_LIMIT_S))


def first_messages(kafka: KafkaSettings, ranges: Ranges) -> dict[Partition, Message | None]:
    """Return the first message of each range, None for one that holds none.

    What is not known after 5 seconds is left out.
    """
    wanted = _not_empty(ranges)
    found: dict[Partition, Message | None] = dict.fromkeys(ranges.keys() - wanted.keys())
    if not wanted:
        return found
    small = {"fetch.message.max.bytes": 65_536, "queued.min.messages": 1}  # one message of each is all that is wanted
    deadline_s = time.monotonic() + _FIRST_LIMIT_S
    with closing(_Reading(kafka, wanted, small)) as reading:
        with suppress(KafkaUnavailable):
            for message in _within(wanted, reading.to_end(_FIRST_LIMIT_S)):
                partition = partition_of(message)
                if found.setdefault(partition, message) is message:
                    reading.leave(partition)
                if time.monotonic() > deadline_s:  # brokers that send a little now and then
                    break
        return dict.fromkeys(wanted.keys() - reading.unread.keys()) | found


def partition_of(message: Message) -> Partition:
    """Return where a message came from."""
    return (str(message.topic()), int(message.partition() or 0))


def offset_of(message: Message) -> int:
    """Return a message's offset."""
    return int(message.offset() or 0)


def headers_of(message: Message) -> Headers:
    """Return a message's headers; none where a name is not UTF-8: the stages write such a name out."""
    try:
        return tuple(_read_headers(message) or ())
    except (UnicodeDecodeError, SystemError):
        return ()


_read_headers = methodcaller("headers")
"""confluent-kafka's C code returns with an error set for a name that is not UTF-8. Called directly, Python notices
that some calls later, anywhere; a call from C is looked at when it returns."""


def _not_empty(ranges: Ranges) -> dict[Partition, Range]:
    return {partition: part for partition, part in ranges.items() if part.start < part.end}


def _within(ranges: Ranges, messages: Iterable[Message]) -> Iterator[Message]:
    return (message for message in messages if offset_of(message) < ranges[partition_of(message)].end)


def _values(messages: Iterable[Message]) -> Iterator[bytes]:
    return (value for message in messages if (value := message.value()) is not None)


class _Reading:
    """A consumer that stands at the starts of some ranges and knows which of them it has read to their end."""

    def __init__(
        self,
        kafka: KafkaSettings,
        ranges: Ranges,
        own: Mapping[str, str | int | float | bool],
        longest_wait_s: float = _LONGEST_WAIT_S,
    ) -> None:
        self.unread = {partition: part.end for partition, part in ranges.items()}
        """Where the ranges end that have not been read to their end; of an empty one, too, the broker has to say so."""
        self._last_error, self._longest_wait_s = LastError(), 2 * longest_wait_s
        every: dict[str, Any] = {
            "group.id": "callsift.reader",
            "enable.auto.commit": False,
            # At the end of what is readable there need not be a message: offsets have gaps.
            "enable.partition.eof": True,
            # What was deleted meanwhile is skipped, and no more; a topic that is made again begins anew.
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": round(longest_wait_s * 1000),
            "error_cb": self._last_error,
        }
        self._topics = ", ".join(sorted({topic for topic, _ in ranges}))
        self._consumer = Consumer(client_config(kafka) | every | dict(own))
        self._consumer.assign([TopicPartition(*partition, part.start) for partition, part in ranges.items()])

    def next(self) -> list[Message]:
        """Return some messages, none after two of the brokers' longest waits; raises KafkaException."""
        found = []
        # The first that comes, and what is there with it: a batch is waited for until it is full.
        messages = self._consumer.consume(1, self._longest_wait_s)
        messages += self._consumer.consume(_BATCH, 0)
        for message in messages:
            partition, error = partition_of(message), message.error()
            if error is None:
                found.append(message)
                is_end = offset_of(message) + 1 >= self.unread.get(partition, 0)
            else:
                is_end = error.code() == KafkaError._PARTITION_EOF
            if is_end:
                self.unread.pop(partition, None)
        return found

    def to_end(self, silence_limit_s: float) -> Iterator[Message]:
        """Yield messages until every range was read to its end; those after an end are among them.

        Raises:
            KafkaUnavailable: The brokers refuse, or nothing came for so long although something should.
        """
        silent_since_s = time.monotonic()
        while self.unread:
            awaited = set(self.unread)
            messages = []
            with suppress(KafkaException):  # no message, like any other trouble; the limit ends it
                messages = self.next()
            yield from messages
            if awaited != self.unread.keys() or any(partition_of(message) in awaited for message in messages):
                silent_since_s = time.monotonic()  # whoever takes them may take their time
            elif self._last_error.is_refused or time.monotonic() - silent_since_s > silence_limit_s:
                raise self._last_error.unavailable(f"cannot read {self._topics}", "the brokers send nothing")

    def leave(self, partition: Partition) -> None:
        """Read no more of a partition."""
        self.unread.pop(partition, None)
        self._consumer.pause([TopicPartition(*partition)])

    def close(self) -> None:
        self._consumer.close()
