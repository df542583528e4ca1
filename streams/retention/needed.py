"""Which files in the audio store unacknowledged messages still need, asked of the brokers."""

import json
from collections.abc import Callable, Iterator

from confluent_kafka import Message

from streams.kafka.client import KafkaUnavailable
from streams.kafka.groups import committed
from streams.kafka.ranges import BrokerView, Range
from streams.kafka.reader import read
from streams.payloads.layout import digits, stem
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


def unacknowledged(kafka: KafkaSettings, on_message: Callable[[int, int], None] = lambda *_: None) -> Iterator[Message]:
    """Yield every message of a call that a stage, or the retry mover, has not acknowledged.

    Where each group is, is asked before how far the topics reach: a message that moves to another topic meanwhile is
    then seen where it comes from or where it goes to, because it is published there before it is acknowledged here.

    Args:
        kafka: Where to ask.
        on_message: Told after each message how many were read, and how many there are.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing: nothing is known then.
    """
    groups = {kafka.prefix + topic.name: kafka.prefix + RETRY_GROUP for topic in RETRIES}
    for stage in STAGES.values():
        taken = (topic for topic in stage.consumes if topic in CARRIERS)
        groups |= {kafka.prefix + topic.name: kafka.prefix + stage.group for topic in taken}
    view = BrokerView(kafka)
    places = view.ranges(groups)
    if missing := groups.keys() - {topic for topic, _ in places}:
        raise KafkaUnavailable(
            f"there is no topic {', '.join(sorted(missing))}, so nobody knows what is still needed",
            "Check CALLSIFT_KAFKA_PREFIX, or create it with `callsift topics create`",
        )
    by_group: dict[str, list[tuple[str, int]]] = {}
    for place in places:
        by_group.setdefault(groups[place[0]], []).append(place)
    positions = committed(kafka, by_group)
    unread = {place: _behind(positions.get(place), part) for place, part in view.ranges(groups).items()}
    total = sum(max(0, part.end - part.start) for part in unread.values())
    for number, message in enumerate(read(kafka, unread), 1):
        on_message(number, total)
        yield message


def needed_names(kafka: KafkaSettings, on_message: Callable[[int, int], None] = lambda *_: None) -> frozenset[str]:
    """Return what unacknowledged messages need of the store (``needed_by``), all together.

    Args:
        kafka: Where to ask.
        on_message: Told after each message how many were read, and how many there are.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing: nothing is known then.
    """
    needed: set[str] = set()
    for message in unacknowledged(kafka, on_message):
        needed |= needed_by(message.value())
    return frozenset(needed)


def _behind(committed: int | None, part: Range) -> Range:
    """Return what a group has not acknowledged; a position that is not on the partition will be its start again."""
    return part if committed is None or not part.start <= committed <= part.end else Range(committed, part.end)


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
