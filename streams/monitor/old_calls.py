"""How many of the messages that wait at the stages are of old calls, which a backfill has handed in."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from schemas import Lane
from streams.kafka.ranges import Partition, Range
from streams.kafka.reader import read
from streams.monitor.status import Status
from streams.settings import KafkaSettings
from streams.topics import PIPELINE

_MOST = 500


class _Laned(BaseModel):
    lane: Lane = "live"


def old_calls(kafka: KafkaSettings, status: Status) -> int | None:
    """Count them; None: so many messages wait that reading them all would take long. Blocks.

    Raises:
        KafkaUnavailable: The brokers refuse, or send nothing although something should come.
    """
    waiting: Mapping[Partition, Range] = {
        (kafka.prefix + part.topic, part.partition): Range(part.end - part.lag, part.end)
        for group in status.groups
        if group.name in PIPELINE
        for part in group.partitions
        if part.lag
    }
    if sum(part.end - part.start for part in waiting.values()) > _MOST:
        return None
    return sum(_is_old(message.value() or b"") for message in read(kafka, waiting))


def _is_old(value: bytes) -> bool:
    try:
        return _Laned.model_validate_json(value).lane == "backfill"
    except ValidationError:
        return False
