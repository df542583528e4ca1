"""Dead letters page by page, from the ends of the partitions: a page costs the same however long the topic is."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas import DeadLetter
from streams.decoding import decode
from streams.errors import UnreadableEvent
from streams.kafka.ranges import Range, topic_ranges
from streams.kafka.reader import read
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER


@dataclass(frozen=True)
class LetterPage:
    """Some dead letters, those given up last first."""

    letters: tuple[DeadLetter, ...]
    before: Mapping[int, int] | None
    """For each partition the offset that the next page ends at; None: nothing is left."""


def letters_before(kafka: KafkaSettings, before: Mapping[int, int] | None, most: int) -> LetterPage:
    """Read the dead letters that lie before some offsets, partition by partition; None: before the ends.

    There are ``most`` at the most, or one of each partition; fewer where offsets have gaps.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic.
    """
    ranges = topic_ranges(kafka, DEAD_LETTER.name)
    each = max(1, most // max(1, len(ranges)))
    wanted = {}
    for partition, there in ranges.items():
        end = there.end if before is None else min(there.end, before.get(partition[1], there.end))
        if end > there.start:
            wanted[partition] = Range(max(there.start, end - each), end)
    found: dict[str, DeadLetter] = {}
    for message in read(kafka, wanted):
        try:
            letter = decode(DEAD_LETTER.content, message.value())
        except UnreadableEvent:
            continue
        found[letter.event_id] = letter
    letters = tuple(sorted(found.values(), key=lambda letter: letter.gave_up_at, reverse=True))
    is_last = all(part.start == ranges[partition].start for partition, part in wanted.items())
    next_before = {number: wanted[name, number].start if (name, number) in wanted else 0 for name, number in ranges}
    return LetterPage(letters, None if is_last else next_before)
