"""Asks the brokers how far the pipeline is. It joins no group and commits nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message
from pydantic import AwareDatetime, BaseModel, ValidationError

from streams.dead_letters.listing import Replay, is_replayed
from streams.kafka.groups import committed, members
from streams.kafka.lag import waiting
from streams.kafka.reader import BrokerView, Place, Range, Ranges, read
from streams.monitor.status import DeadLetterStatus, GroupStatus, PartitionStatus, RetryStatus, Status
from streams.retry_mover import GROUP as RETRY_GROUP
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, REPLAYS, RETRIES, STAGES, Topic

_NEVER_MS = datetime(3000, 1, 1, tzinfo=UTC).timestamp() * 1000


@dataclass(frozen=True)
class _Reader:
    """Who reads which topics. Every topic has one such reader."""

    name: str
    group: str
    takes: tuple[Topic, ...]


class Observer:
    """Looks at the pipeline as often as somebody asks; what it has read of the dead letters is not read again."""

    def __init__(self, kafka: KafkaSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Make the clients; they connect when they are asked."""
        self._kafka = kafka
        self._now = now
        self._view = BrokerView(kafka)
        self._census = _Census(kafka)
        self._readers = (
            *(_Reader(stage.name, kafka.prefix + stage.group, stage.takes) for stage in STAGES.values()),
            _Reader("retry", kafka.prefix + RETRY_GROUP, RETRIES),
        )

    def look(self) -> Status:
        """Return how far the pipeline is.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        topics = [topic for reader in self._readers for topic in reader.takes]
        ranges = self._view.ranges(self._kafka.prefix + topic.name for topic in (*topics, REPLAYS))
        # Asked after the ends, so that nothing that is done meanwhile shows as waiting.
        places = {reader.group: self._places(ranges, reader.takes) for reader in self._readers}
        positions = committed(self._kafka, places)
        taken = {place: part for place, part in ranges.items() if self._bare(place) != REPLAYS.name}
        found = waiting(self._kafka, positions, taken)
        present = members(self._kafka, places)
        partitions = {
            place: PartitionStatus(
                topic=self._bare(place),
                partition=place[1],
                committed=positions.get(place),
                end=part.end,
                lag=found[place].lag,
                waiting_since=_published_at(found[place].first),
            )
            for place, part in taken.items()
        }
        groups = tuple(
            GroupStatus(reader.name, reader.group, present[reader.group], self._of(partitions, reader.takes))
            for reader in self._readers
        )
        return Status(
            asked_at=self._now(),
            groups=groups,
            retries=tuple(_retry(topic, self._of(partitions, (topic,))) for topic in RETRIES),
            dead_letters=self._census.count(
                {place: part for place, part in ranges.items() if self._bare(place) == DEAD_LETTER.name},
                {place: part for place, part in ranges.items() if self._bare(place) == REPLAYS.name},
            ),
        )

    def _bare(self, place: Place) -> str:
        return place[0].removeprefix(self._kafka.prefix)

    def _places(self, places: Iterable[Place], topics: tuple[Topic, ...]) -> list[Place]:
        names = {topic.name for topic in topics}
        return [place for place in places if self._bare(place) in names]

    def _of(
        self, partitions: Mapping[Place, PartitionStatus], topics: tuple[Topic, ...]
    ) -> tuple[PartitionStatus, ...]:
        return tuple(partitions[place] for place in sorted(self._places(partitions, topics)))


class _Counted(BaseModel):
    """What has to be read of a dead letter to count it."""

    event_id: str
    gave_up_at: AwareDatetime


class _Letter(NamedTuple):
    place: Place
    offset: int
    gave_up_at: datetime | None
    """None: it is no dead letter, and nobody can have replayed it."""


class _Census:
    """Counts the dead letters and those replayed, reading each message once."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._read_to: dict[Place, int] = {}
        self._letters: dict[str, _Letter] = {}
        self._replayed_at: dict[str, datetime] = {}

    def count(self, letters: Ranges, replays: Ranges) -> DeadLetterStatus:
        for message, place, offset in self._fresh(letters):
            try:
                counted = _Counted.model_validate_json(message.value() or b"")
            except ValidationError:
                self._letters[f"{place}/{offset}"] = _Letter(place, offset, None)
            else:
                self._letters.setdefault(counted.event_id, _Letter(place, offset, counted.gave_up_at))
        for message, _place, _offset in self._fresh(replays):
            with suppress(ValidationError):
                replay = Replay.model_validate_json(message.value() or b"")
                self._replayed_at[replay.dead_letter] = replay.replayed_at
        for name, letter in list(self._letters.items()):
            if letter.place not in letters or letter.offset < letters[letter.place].start:  # its retention is over
                del self._letters[name]
        replayed = sum(
            letter.gave_up_at is not None and is_replayed(letter.gave_up_at, self._replayed_at.get(name))
            for name, letter in self._letters.items()
        )
        return DeadLetterStatus(len(self._letters), len(self._letters) - replayed)

    def _fresh(self, ranges: Ranges) -> Iterator[tuple[Message, Place, int]]:
        unread = {
            place: Range(max(part.start, self._read_to.get(place, 0)), part.end) for place, part in ranges.items()
        }
        if not any(part.start < part.end for part in unread.values()):
            return
        for message in read(self._kafka, unread):
            place, offset = (str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
            self._read_to[place] = offset + 1
            yield message, place, offset


def _published_at(message: Message | None) -> datetime | None:
    if message is None:
        return None
    kind, timestamp_ms = message.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE or not 0 <= timestamp_ms < _NEVER_MS:  # producers may write what they like
        return None
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)


def _retry(topic: Topic, partitions: tuple[PartitionStatus, ...]) -> RetryStatus:
    oldest = [found.waiting_since for found in partitions if found.waiting_since is not None]
    next_due_at = min(oldest) + timedelta(seconds=topic.delay_s or 0) if oldest else None
    return RetryStatus(topic.name, sum(found.lag for found in partitions), next_due_at)
