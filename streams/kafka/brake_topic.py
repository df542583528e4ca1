"""The brakes' topic: who applied or released which stage's brake, for every worker and for those who ask."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from confluent_kafka import KafkaException
from pydantic import ValidationError

from schemas import BrakeNotice
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import BRAKES

logger = logging.getLogger(__name__)
_LONGEST_WAIT_S = 5.0
"""A notice is there at once whatever this is: five stages with 0.1 s were half of an idle broker's work."""


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
    # It stands at the end before the past is read, so that no notice falls between.
    asleep = TopicReader(kafka, BRAKES.name, from_start=False, longest_wait_s=_LONGEST_WAIT_S)
    with closing(TopicReader(kafka, BRAKES.name, from_start=True)) as past:
        for value in past.up_to_now():
            _tell(stage, value, changed)

    def go_on() -> None:
        while True:
            try:
                for value in asleep.values(None):
                    _tell(stage, value, changed)
            except KafkaException as error:  # a passing trouble of the consumer; it goes on where it stood
                logger.warning("brake topic could not be read", extra={"error": error.args[0].str()})

    threading.Thread(target=go_on, name="brake", daemon=True).start()


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
