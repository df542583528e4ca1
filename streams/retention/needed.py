"""Which files in the audio store unacknowledged messages still need, asked of the brokers."""

import json
from collections.abc import Callable, Iterator

from streams.kafka.client import KafkaUnavailable
from streams.kafka.groups import committed
from streams.kafka.ranges import BrokerView, Partition, Range
from streams.kafka.reader import read
from streams.payloads.layout import digits, stem
from streams.retention.names import Names
from streams.settings import KafkaSettings
from streams.topics import AUDIO, CLASSIFIED, ENDED, REPROCESS, RETRIES, RETRY_GROUP, STAGES, TRANSCRIPTS

CARRIERS = (ENDED, AUDIO, TRANSCRIPTS, REPROCESS, CLASSIFIED)
"""The topics whose events name recordings or hold claim checks; before another try they are on the retry topics."""


def needed_by(value: bytes | None) -> frozenset[str]:
    """Return what a message needs of the store, as ``layout.stem`` names it.

    Every address and every claim check counts, wherever it stands in the message: a newer producer may have put one
    into a field that this version does not know. A payload is needed by its name, whatever the store's address was when
    it was written, and by its SHA-256, after which the checkpoints of the work on it are named.
    """
    try:
        content = json.loads(value or b"null")
    except (ValueError, RecursionError):  # it will be a dead letter, and nothing can be fetched for it
        return frozenset()
    return frozenset(filter(None, _names(content)))


class Needed:
    """What unacknowledged messages need of the store (``needed_by``), in bounded memory however many there are.

    ``in`` says it as of the last ``refresh``; what has been acknowledged since the first one counts as needed, too.
    """

    def __init__(self, kafka: KafkaSettings, on_message: Callable[[int, int], None] = lambda *_: None) -> None:
        """Make the client; nothing is read before ``refresh``.

        Args:
            kafka: Where to ask.
            on_message: Told after each message how many of a refresh were read, and how many there are.
        """
        groups = {topic.name: RETRY_GROUP for topic in RETRIES}
        for stage in STAGES.values():
            groups |= {topic.name: stage.group for topic in stage.consumes if topic in CARRIERS}
        self._groups = {kafka.prefix + topic: kafka.prefix + group for topic, group in groups.items()}
        self._kafka = kafka
        self._view = BrokerView(kafka)
        self._on_message = on_message
        self._names = Names()
        self._read_to: dict[Partition, int | None] | None = None

    def __contains__(self, name: str) -> bool:
        """Tell whether a message needs what has this ``layout.stem``; now and then True without need (``Names``)."""
        return name in self._names

    def refresh(self) -> None:
        """Read what nobody has acknowledged; the next time, what has come since.

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
            for name in needed_by(message.value()):
                self._names.add(name)
            self._on_message(number, total)
        read_to.update((place, part.end) for place, part in ranges.items())

    def _positions(self) -> dict[Partition, int | None]:
        places = self._view.ranges(self._groups)
        if missing := self._groups.keys() - {topic for topic, _ in places}:
            raise KafkaUnavailable(
                f"there is no topic {', '.join(sorted(missing))}, so nobody knows what is still needed",
                "Check CALLSIFT_KAFKA_PREFIX, or create it with `callsift topics create`",
            )
        by_group: dict[str, list[Partition]] = {}
        for place in places:
            by_group.setdefault(self._groups[place[0]], []).append(place)
        return dict(committed(self._kafka, by_group))


def _behind(position: int | None, part: Range) -> Range:
    """Return what lies behind a position; one that is not on the partition will be its start again."""
    return part if position is None or not part.start <= position <= part.end else Range(position, part.end)


def _names(content: object) -> Iterator[str]:
    unseen = [content]
    while unseen:
        part = unseen.pop()
        if isinstance(part, dict):
            uri, sha256 = part.get("uri"), part.get("sha256")
            if isinstance(uri, str):
                yield stem(uri)
                if isinstance(sha256, str):
                    yield digits(sha256)
            unseen += part.values()
        elif isinstance(part, list):
            unseen += part
