"""Asks the brokers how far the pipeline is. It joins no group and commits nothing."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message
from pydantic import AwareDatetime, BaseModel, ValidationError

from streams.dead_letters.listing import is_replayed
from streams.kafka.groups import Positions, members
from streams.kafka.lag import lag_by_partition
from streams.kafka.ranges import BrokerView, Partition, Range, Ranges
from streams.kafka.reader import offset_of, partition_of, read
from streams.monitor.status import DeadLetterStatus, GroupStatus, PartitionStatus, RetryStatus, Status
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, REPLAYS, RETRIES, RETRY_GROUP, STAGES, AnyTopic, Topic

KnownT = TypeVar("KnownT")
_OLD, _LOST = timedelta(days=2), timedelta(days=7)
"""Age at which a dead letter should have been replayed, and at which the audio store no longer has what that needs."""
_NEVER_MS = datetime(3000, 1, 1, tzinfo=UTC).timestamp() * 1000


@dataclass(frozen=True)
class _Reader:
    """Who reads which topics. Every topic has one such reader."""

    name: str
    group: str
    consumes: tuple[Topic, ...]


class Observer:
    """Looks at the pipeline as often as somebody asks; what it has read of the dead letters is not read again."""

    def __init__(self, kafka: KafkaSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Make the clients; they connect when they are asked."""
        self._kafka = kafka
        self._now = now
        self._view, self._positions = BrokerView(kafka), Positions(kafka)
        self._dead_letters = DeadLetterCounter(kafka)
        self._readers = (
            *(_Reader(stage.name, kafka.prefix + stage.group, stage.consumes) for stage in STAGES.values()),
            _Reader("retry", kafka.prefix + RETRY_GROUP, RETRIES),
        )

    def look(self) -> Status:
        """Return how far the pipeline is.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        topics = [topic for reader in self._readers for topic in reader.consumes]
        ranges = self._view.ranges(self._kafka.prefix + topic.name for topic in (*topics, REPLAYS))
        by_group = {reader.group: self._of(ranges, reader.consumes) for reader in self._readers}
        lags = lag_by_partition(self._kafka, self._positions, by_group)
        present = members(self._kafka, by_group)
        partitions = {
            partition: PartitionStatus(
                topic=partition[0].removeprefix(self._kafka.prefix),
                partition=partition[1],
                committed=found.committed,
                end=found.end,
                lag=found.lag,
                waiting_since=published_at(found.first),
            )
            for partition, found in sorted(lags.items())
        }
        return Status(
            asked_at=self._now(),
            groups=tuple(
                GroupStatus(
                    reader.name,
                    reader.group,
                    present[reader.group],
                    tuple(self._of(partitions, reader.consumes).values()),
                )
                for reader in self._readers
            ),
            retries=tuple(_retry(topic, self._of(partitions, (topic,)).values()) for topic in RETRIES),
            dead_letters=self._dead_letters.count(
                self._of(ranges, (DEAD_LETTER,)), self._of(ranges, (REPLAYS,)), self._now()
            ),
        )

    def _of(self, known: Mapping[Partition, KnownT], topics: Iterable[AnyTopic]) -> dict[Partition, KnownT]:
        """Return what is known of the partitions of some topics."""
        names = {self._kafka.prefix + topic.name for topic in topics}
        return {partition: what for partition, what in known.items() if partition[0] in names}


class _Counted(BaseModel):
    """What has to be read of a dead letter to count it."""

    event_id: str
    gave_up_at: AwareDatetime


class _Letter(NamedTuple):
    partition: Partition
    offset: int
    gave_up_at: datetime | None
    """None: it is no dead letter, and nobody can have replayed it."""


class DeadLetterCounter:
    """Counts the dead letters and those replayed, reading each message once."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Start with nothing read."""
        self._kafka = kafka
        self._read_to: dict[Partition, int] = {}
        self._letters: dict[str, _Letter] = {}
        self._replayed_at: dict[str, datetime] = {}

    def count(self, letters: Ranges, replays: Ranges, now: datetime) -> DeadLetterStatus:
        """Read what is new on calls.dead-letter and calls.replays, and count what is there at a moment.

        Raises:
            KafkaUnavailable: The brokers refuse, or send nothing although something should come.
        """
        for message in self._fresh(letters):
            partition, offset = partition_of(message), offset_of(message)
            try:
                counted = _Counted.model_validate_json(message.value() or b"")
            except ValidationError:
                self._letters[f"{partition}/{offset}"] = _Letter(partition, offset, None)
            else:
                self._letters.setdefault(counted.event_id, _Letter(partition, offset, counted.gave_up_at))
        for message in self._fresh(replays):
            with suppress(ValidationError):
                replay = REPLAYS.content.model_validate_json(message.value() or b"")
                self._replayed_at[replay.dead_letter] = replay.replayed_at
        for name, letter in list(self._letters.items()):
            part = letters.get(letter.partition)
            if part is None or letter.offset < part.start:  # its retention is over
                del self._letters[name]
        left = [
            letter.gave_up_at
            for name, letter in self._letters.items()
            if letter.gave_up_at is None or not is_replayed(letter.gave_up_at, self._replayed_at.get(name))
        ]
        old = sum(gave_up_at is not None and _OLD <= now - gave_up_at < _LOST for gave_up_at in left)
        return DeadLetterStatus(len(self._letters), len(left), old)

    def _fresh(self, ranges: Ranges) -> Iterator[Message]:
        unread = {
            partition: Range(max(part.start, self._read_to.get(partition, 0)), part.end)
            for partition, part in ranges.items()
        }
        for message in read(self._kafka, unread):
            self._read_to[partition_of(message)] = offset_of(message) + 1
            yield message


def published_at(message: Message | None) -> datetime | None:
    """Return when a message was published; None: there is none, or its producer did not say."""
    if message is None:
        return None
    kind, timestamp_ms = message.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE or not 0 <= timestamp_ms < _NEVER_MS:  # producers may write what they like
        return None
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)


def _retry(topic: Topic, partitions: Collection[PartitionStatus]) -> RetryStatus:
    oldest = [found.waiting_since for found in partitions if found.waiting_since is not None]
    next_due_at = min(oldest) + timedelta(seconds=topic.delay_s or 0) if oldest else None
    return RetryStatus(topic.name, sum(found.lag for found in partitions), next_due_at)
