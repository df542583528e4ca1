"""What waits for a consumer group: one meaning of lag for the watchdog, the monitor and ``callsift status``.

What waits is what can still be worked off. Offsets that no reader is ever given do not wait, although nobody commits
them: the markers of transactions, what was aborted, the gaps of compaction, what was deleted. What an open transaction
wrote does not wait either: it may yet be aborted. Between two messages such offsets do count, since telling them apart
takes reading everything.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import Message

from streams.kafka.client import KafkaUnavailable
from streams.kafka.groups import Positions
from streams.kafka.ranges import BrokerView, Partition, Range, Ranges
from streams.kafka.reader import first_messages, offset_of
from streams.settings import KafkaSettings


class PartitionLag(NamedTuple):
    """What waits for a group on one partition."""

    committed: int | None
    """The offset that the group goes on from; None: it has committed nothing yet."""
    end: int
    """Where what can be read ends."""
    lag: int
    """Messages; 0: there is nothing to work off, whatever lies between the group's position and the end."""
    first: Message | None
    """The oldest of them; None: there is none, or it could not be read."""


def lag_by_partition(
    kafka: KafkaSettings, positions: Positions, ranges: Mapping[str, Ranges]
) -> dict[Partition, PartitionLag]:
    """Return what waits for groups (full names) on the partitions that each of them reads.

    The ranges are to be asked for before: what is done meanwhile is then not taken for waiting.

    Raises:
        KafkaUnavailable: The brokers do not say how far a group is.
    """
    places = positions.of(ranges)
    parts = {
        partition: unread(places.get(partition), part) for own in ranges.values() for partition, part in own.items()
    }
    first = first_messages(kafka, parts)

    def found(partition: Partition, part: Range) -> PartitionLag:
        message = first.get(partition)
        start = part.start if message is None else offset_of(message)
        # Known to hold no message: what lies there is given to no reader.
        lag = 0 if message is None and partition in first else part.end - start
        return PartitionLag(places.get(partition), part.end, lag, message)

    return {partition: found(partition, part) for partition, part in parts.items()}


def unread(position: int | None, part: Range) -> Range:
    """Return the part of a partition that a group at ``position`` (None: nothing committed yet) has not passed.

    What was deleted before it was committed no longer waits; nor does anything where a topic was made again and the
    group's position lies beyond its end.
    """
    return Range(min(max(part.start, position or 0), part.end), part.end)


class GroupLag:
    """Asks again and again how many messages wait for one group, with clients that stay connected. Close it.

    It joins no group, so that it can be trusted where the group's own consumer cannot.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        group: str,
        nothing_before: Callable[[Mapping[Partition, int]], None] = lambda _: None,
    ) -> None:
        """Make the clients; they connect when they are asked.

        Args:
            kafka: Where to ask.
            group: The consumer group, with prefix.
            nothing_before: Told the ends of the partitions on which the group is not at the end and yet nothing waits.
        """
        self._kafka, self._group, self._nothing_before = kafka, group, nothing_before
        self._view, self._positions = BrokerView(kafka), Positions(kafka)

    def __call__(self, partitions: Iterable[Partition]) -> int | None:
        """Return how many messages wait on some partitions; None: the brokers do not answer.

        Partitions that do not exist are left out.
        """
        wanted = set(partitions)
        try:
            ranges = self._view.ranges({topic for topic, _ in wanted})
            own = {partition: part for partition, part in ranges.items() if partition in wanted}
            found = lag_by_partition(self._kafka, self._positions, {self._group: own})
        except KafkaUnavailable:
            self._view = BrokerView(self._kafka)  # whatever holds this client up does not hold up a new one
            return None
        ends = {
            partition: one.end for partition, one in found.items() if not one.lag and (one.committed or 0) < one.end
        }
        if ends:
            self._nothing_before(ends)
        return sum(one.lag for one in found.values())

    def close(self) -> None:
        """Close the connections."""
        self._positions.close()


def consumer_lag(
    kafka: KafkaSettings,
    group: str,
    partitions: Iterable[Partition],
    nothing_before: Callable[[Mapping[Partition, int]], None] = lambda _: None,
) -> int | None:
    """Ask once, as ``GroupLag`` does."""
    with closing(GroupLag(kafka, group, nothing_before)) as lag:
        return lag(partitions)
