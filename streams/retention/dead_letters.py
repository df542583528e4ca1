"""Finds and removes the dead letters that are too old to be kept, and the marks of their replays."""

from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from confluent_kafka import TopicPartition

from streams.dead_letters.listing import read_replays
from streams.kafka.client import KafkaUnavailable, ask
from streams.kafka.groups import committed
from streams.kafka.producer import produce
from streams.kafka.ranges import BrokerView, Partition, Ranges
from streams.kafka.reader import first_messages
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, REPLAYS, STAGES

_GROUP = next(stage.group for stage in STAGES.values() if DEAD_LETTER in stage.consumes)
_AT_ONCE = 1000


@dataclass(frozen=True)
class OldLetters:
    """What is older than a moment."""

    looked_at: int
    """How many dead letters there are."""
    pending: int
    """How many are old, and are kept because the sink has not acknowledged them."""
    expired: int
    """How many are to be removed."""
    keep_from: Mapping[Partition, int]
    """The offset up to which each partition goes; partitions that keep everything are left out."""


class OldMarks(NamedTuple):
    """Which marks of replays are older than a moment."""

    looked_at: int
    """How many marks there are."""
    letters: list[str]
    """The dead letters whose marks are old: a mark is younger than its letter, so that goes too, or is gone."""


def find_old_letters(kafka: KafkaSettings, before: datetime) -> OldLetters:
    """Return which dead letters were published before a moment.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing.
    """
    view, topic = BrokerView(kafka), kafka.prefix + DEAD_LETTER.name
    ranges = view.ranges([topic])
    if not ranges:
        raise KafkaUnavailable(
            f"there is no topic {topic}", "Check CALLSIFT_KAFKA_PREFIX, or create it with `callsift topics create`"
        )
    positions = committed(kafka, {kafka.prefix + _GROUP: ranges})
    pending, expired, keep_from = 0, 0, {}
    for partition, young_from in _young_from(kafka, view, ranges, before).items():
        start = ranges[partition].start
        keep = max(start, min(young_from, positions.get(partition, start)))
        pending += young_from - keep
        expired += keep - start
        if keep > start:
            keep_from[partition] = keep
    return OldLetters(
        looked_at=sum(part.end - part.start for part in ranges.values()),
        pending=pending,
        expired=expired,
        keep_from=keep_from,
    )


def find_old_marks(kafka: KafkaSettings, before: datetime) -> OldMarks:
    """Return which marks of replays were set before a moment.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or the topic is missing.
    """
    replayed_at = read_replays(kafka)
    return OldMarks(len(replayed_at), [letter for letter, moment in replayed_at.items() if moment < before])


def remove_letters(kafka: KafkaSettings, old: OldLetters) -> None:
    """Delete old dead letters.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse.
    """
    if not old.keep_from:
        return
    view = BrokerView(kafka)
    partitions = [TopicPartition(*partition, offset) for partition, offset in old.keep_from.items()]

    def delete(limit_s: float) -> None:
        answers = view.admin.delete_records(partitions, request_timeout=limit_s).values()
        wait(answers)  # an admin client that is dropped while a question is open crashes the process
        for answer in answers:
            answer.result()

    ask(view.admin, view.last_error, f"cannot delete records of {partitions[0].topic}", delete, timeout_s=60.0)


def remove_marks(kafka: KafkaSettings, old: OldMarks) -> None:
    """Let calls.replays forget old marks.

    Raises:
        KafkaUnavailable: The brokers do not confirm.
    """
    for first in range(0, len(old.letters), _AT_ONCE):
        produce(kafka, REPLAYS.name, [(letter, None) for letter in old.letters[first : first + _AT_ONCE]])


def _young_from(kafka: KafkaSettings, view: BrokerView, ranges: Ranges, before: datetime) -> dict[Partition, int]:
    """Return each partition's first offset that was not published before a moment; its end if there is none."""
    found = view.first_since(ranges, before)
    # "None" is also the answer of brokers that know no times (the embedded one): the last message has to confirm it.
    last = {
        partition: part._replace(start=part.end - 1)
        for partition, part in ranges.items()
        if partition not in found and part.start < part.end
    }
    before_ms = round(before.timestamp() * 1000)
    all_old = {
        partition
        for partition, message in first_messages(kafka, last).items()
        if message is not None and 0 <= message.timestamp()[1] < before_ms
    }
    return {
        partition: found.get(partition, part.end if partition in all_old else part.start)
        for partition, part in ranges.items()
    }
