"""What went over the retry topics: how many messages, where they went back to, and how late the latest of them was."""

import time
from collections import Counter
from typing import NamedTuple

from confluent_kafka import Message

from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import headers_of, read
from streams.message import ORIGIN
from streams.settings import KafkaSettings
from streams.topics import CONSUMED, RETRIES

OVERDUE_S = 60.0
"""Longest that a message may wait on a retry topic beyond its time: a restart of the mover, and much more."""
_ORIGINS = {topic.name for topic in CONSUMED}
Identity = tuple[str, bytes | None, tuple[tuple[str, bytes | None], ...]]
"""Origin, key and headers: the retry mover changes none of them."""


class Retries(NamedTuple):
    """The messages of all retry topics."""

    moved_to: Counter[str]
    """How often each topic (name without prefix) got a message back."""
    written: int
    """Messages on the retry topics that name where they come from."""
    latest_s: float
    """Longest that one waited beyond its time, in seconds; one that never went back waits until now."""


def retries(kafka: KafkaSettings) -> Retries:
    """Compare the retry topics with the topics that their messages come from.

    Raises:
        KafkaUnavailable: The brokers do not answer.
    """
    moved_to: Counter[str] = Counter()
    moved_at_s: dict[Identity, float] = {}
    for topic in CONSUMED:
        for message in read(kafka, topic_ranges(kafka, topic.name)):
            if (identity := _identity(message)) is not None:
                moved_to[topic.name] += 1
                moved_at_s[identity] = min(_written_at_s(message), moved_at_s.get(identity, float("inf")))
    written, latest_s, now_s = 0, 0.0, time.time()
    for topic in RETRIES:
        for message in read(kafka, topic_ranges(kafka, topic.name)):
            if (identity := _identity(message)) is None:
                continue  # it goes back nowhere
            written += 1
            moved_s = moved_at_s.get(identity, now_s)
            latest_s = max(latest_s, moved_s - _written_at_s(message) - (topic.delay_s or 0))
    return Retries(moved_to, written, round(latest_s, 1))


def _identity(message: Message) -> Identity | None:
    headers = headers_of(message)
    origin = (dict(headers).get(ORIGIN) or b"").decode(errors="replace")
    return (origin, message.key(), tuple(headers)) if origin in _ORIGINS else None


def _written_at_s(message: Message) -> float:
    return message.timestamp()[1] / 1000
