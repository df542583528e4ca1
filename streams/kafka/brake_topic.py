"""The brakes' topic: who applied or released which stage's brake, for every worker and for those who ask."""

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from pydantic import ValidationError

from schemas import BrakeNotice
from streams.kafka.followed import follow_topic
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import BRAKES

logger = logging.getLogger(__name__)


def publish_notice(kafka: KafkaSettings, stage: str, *, applied: bool, reason: str) -> None:
    """Apply or release a stage's brake, for every worker. Blocks.

    Raises:
        KafkaUnavailable: The brokers did not confirm it.
    """
    notice = BrakeNotice(stage=stage, applied=applied, reason=reason, at=datetime.now(UTC))
    produce(kafka, BRAKES.name, [(stage, notice.model_dump_json().encode())])


def notices(kafka: KafkaSettings) -> dict[str, BrakeNotice]:
    """Return the newest notice of each stage that has one. Blocks.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    with closing(TopicReader(kafka, BRAKES.name, from_start=True)) as reader:
        return {notice.stage: notice for notice in map(_read, reader.up_to_now()) if notice is not None}


def follow(kafka: KafkaSettings, stage: str, changed: Callable[[str | None], None]) -> None:
    """Tell ``changed`` why a stage's brake is applied, or None, as the topic says now; then go on from a thread.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    follow_topic(kafka, BRAKES, lambda value: _tell(stage, value, changed))


def _tell(stage: str, value: bytes, changed: Callable[[str | None], None]) -> None:
    notice = _read(value)
    if notice is not None and notice.stage == stage:
        changed(notice.reason if notice.applied else None)


def _read(value: bytes) -> BrakeNotice | None:
    try:
        return BRAKES.content.model_validate_json(value)
    except ValidationError:
        logger.warning("unreadable brake notice ignored")
        return None
