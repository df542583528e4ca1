"""What waits for a consumer group: one meaning of lag for the watchdog, the monitor and ``callsift status``.

What waits is what can still be worked off. Offsets that no reader is ever given do not wait, although nobody commits
them: the markers of transactions, what was aborted, the gaps of compaction, what was deleted. What an open transaction
wrote does not wait either: it may yet be aborted. Between two messages such offsets do count, since telling them apart
takes reading everything.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from confluent_kafka import KafkaException, Message, TopicPartition

from streams.kafka.groups import asking_as, positions_of
from streams.kafka.last_error import Trouble
from streams.kafka.reader import Place, Range, Ranges, first_messages
from streams.settings import KafkaSettings


class Waiting(NamedTuple):
    """What waits for a group on one partition."""

    lag: int
    """Messages; 0: there is nothing to work off, whatever lies between the group's position and the end."""
    first: Message | None
    """The oldest of them; None: there is none, or it could not be read."""


def unread(position: int | None, part: Range) -> Range:
    """Return the part of a partition that a group at ``position`` (None: nothing committed yet) has not passed.

    What was deleted before it was committed no longer waits; nor does anything where a topic was made again and the
    group's position lies beyond its end.
    """
    return Range(min(max(part.start, position or 0), part.end), part.end)


def waiting(kafka: KafkaSettings, positions: Mapping[Place, int], ranges: Ranges) -> dict[Place, Waiting]:
    """Return what waits on each partition of ``ranges`` for a group at ``positions``."""
    parts = {place: unread(positions.get(place), part) for place, part in ranges.items()}
    first = first_messages(kafka, parts)
    return {place: _waiting(part, first.get(place), known=place in first) for place, part in parts.items()}


def _waiting(part: Range, first: Message | None, *, known: bool) -> Waiting:
    if first is None and known:
        return Waiting(0, None)
    return Waiting(part.end - (part.start if first is None else int(first.offset() or 0)), first)


def consumer_lag(
    kafka: KafkaSettings,
    group: str,
    places: Iterable[Place],
    nothing_before: Callable[[Mapping[Place, int]], None] = lambda _: None,
) -> int | None:
    """Return how many messages wait for a group on some partitions; None: the brokers do not answer.

    It asks the brokers and joins no group, so that it can be trusted where the group's own consumer cannot.

    Args:
        kafka: Where to ask.
        group: The consumer group, with prefix.
        places: The partitions.
        nothing_before: Told the ends of the partitions on which the group is not at the end and yet nothing waits.
    """
    asking = asking_as(kafka, group, Trouble())
    try:
        ranges = {place: Range(*asking.get_watermark_offsets(TopicPartition(*place), timeout=10)) for place in places}
        positions = positions_of(asking, ranges, 10)
    except KafkaException:
        return None
    finally:
        asking.close()
    found = waiting(kafka, positions, ranges)
    ends = {
        place: part.end for place, part in ranges.items() if not found[place].lag and positions.get(place, 0) < part.end
    }
    if ends:
        nothing_before(ends)
    return sum(one.lag for one in found.values())
