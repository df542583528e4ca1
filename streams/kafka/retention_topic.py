"""The topic that says when what is too old was last removed: for the monitor, and for those who ask."""

from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import datetime

from pydantic import ValidationError

from schemas import RetentionNotice
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import RETENTION


def publish_retention(kafka: KafkaSettings, kinds: Iterable[str], at: datetime) -> None:
    """Say that of some kinds of data everything too old is gone. Blocks.

    Raises:
        KafkaUnavailable: The brokers did not confirm it.
    """
    notices = [RetentionNotice(kind=kind, at=at) for kind in kinds]
    produce(kafka, RETENTION.name, [(notice.kind, notice.model_dump_json().encode()) for notice in notices])


def last_retention(kafka: KafkaSettings) -> dict[str, datetime]:
    """Return when of each kind of data everything too old was last removed; what never was is left out. Blocks.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    done_at = {}
    with closing(TopicReader(kafka, RETENTION.name, from_start=True)) as reader:
        for value in reader.up_to_now():
            with suppress(ValidationError):  # no notice of ours: as if nothing had been removed
                notice = RETENTION.content.model_validate_json(value)
                done_at[notice.kind] = notice.at
    return done_at
