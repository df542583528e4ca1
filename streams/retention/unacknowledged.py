"""The messages of calls that nobody has acknowledged, asked of the brokers: what is under way."""

from collections.abc import Callable, Iterator

from confluent_kafka import Message

from streams.kafka.client import KafkaUnavailable
from streams.kafka.groups import committed
from streams.kafka.ranges import BrokerView, Partition, Range
from streams.kafka.reader import read
from streams.settings import KafkaSettings
from streams.topics import ANNOTATIONS, AUDIO, CLASSIFIED, ENDED, REPROCESS, RETRIES, RETRY_GROUP, STAGES, TRANSCRIPTS

CARRIERS = (ENDED, AUDIO, TRANSCRIPTS, REPROCESS, CLASSIFIED, ANNOTATIONS)
"""The topics whose events are about a call, and may name recordings or hold claim checks; before another try they are
on the retry topics."""


class Unacknowledged:
    """What a stage or the retry mover has not acknowledged, and what comes after it."""

    def __init__(self, kafka: KafkaSettings, on_message: Callable[[int, int], None] = lambda *_: None) -> None:
        """Make the client; nothing is read before ``messages``.

        Args:
            kafka: Where to ask.
            on_message: Told after each message how many were read this time, and how many there are.
        """
        groups = {topic.name: RETRY_GROUP for topic in RETRIES}
        for stage in STAGES.values():
            groups |= {topic.name: stage.group for topic in stage.consumes if topic in CARRIERS}
        self._groups = {kafka.prefix + topic: kafka.prefix + group for topic, group in groups.items()}
        self._kafka = kafka
        self._view = BrokerView(kafka)
        self._on_message = on_message
        self._read_to: dict[Partition, int] | None = None

    def messages(self) -> Iterator[Message]:
        """Yield what nobody has acknowledged; after that came to its end, what has come since.

        Where each group is, is asked before how far the topics reach: a message that moves to another topic meanwhile
        is then seen where it comes from or where it goes to, as it is published there before it is acknowledged here.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing: nothing is known then.
        """
        if self._read_to is None:
            self._read_to = self._positions()
        read_to = self._read_to
        ranges = self._view.ranges(self._groups)
        unread = {place: _behind(read_to.get(place), part) for place, part in ranges.items()}
        total = sum(max(0, part.end - part.start) for part in unread.values())
        for number, message in enumerate(read(self._kafka, unread), 1):
            self._on_message(number, total)
            yield message
        read_to.update((place, part.end) for place, part in ranges.items())

    def _positions(self) -> dict[Partition, int]:
        places = self._view.ranges(self._groups)
        if missing := self._groups.keys() - {topic for topic, _ in places}:
            raise KafkaUnavailable(
                f"there is no topic {', '.join(sorted(missing))}, so nobody knows what is still needed",
                "Check CALLSIFT_KAFKA_PREFIX, or create it with `callsift topics create`",
            )
        by_group: dict[str, list[Partition]] = {}
        for place in places:
            by_group.setdefault(self._groups[place[0]], []).append(place)
        return committed(self._kafka, by_group)


def _behind(position: int | None, part: Range) -> Range:
    """Return what lies behind a position; one that is not on the partition will be its start again."""
    return part if position is None or not part.start <= position <= part.end else Range(position, part.end)
