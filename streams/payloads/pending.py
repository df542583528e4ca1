"""What unacknowledged messages need of the audio store, asked of the brokers."""

from collections.abc import Callable

from streams.kafka.client import KafkaUnavailable
from streams.kafka.groups import committed
from streams.kafka.ranges import BrokerView, Range
from streams.kafka.reader import read
from streams.payloads.retention import names
from streams.settings import KafkaSettings
from streams.topics import AUDIO, CLASSIFIED, REPROCESS, RETRIES, RETRY_GROUP, STAGES, TRANSCRIPTS

CARRIERS = (AUDIO, TRANSCRIPTS, REPROCESS, CLASSIFIED)
"""The topics whose events hold claim checks; on the way to another try they are on the retry topics."""


def pending_names(kafka: KafkaSettings, on_message: Callable[[int, int], None] = lambda *_: None) -> frozenset[str]:
    """Return the names (``streams.payloads.retention.names``) of everything that an unacknowledged message needs.

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
    needed: set[str] = set()
    for number, message in enumerate(read(kafka, unread), 1):
        needed |= names(message.value())
        on_message(number, total)
    return frozenset(needed)


def _behind(committed: int | None, part: Range) -> Range:
    """Return what a group has not acknowledged; a position that is not on the partition will be its start again."""
    return part if committed is None or not part.start <= committed <= part.end else Range(committed, part.end)
