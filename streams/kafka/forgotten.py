"""The topic that says which calls are forgotten: for every worker, and for those who replay."""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing

from pydantic import ValidationError

from schemas import Forgotten
from streams.kafka.followed import follow_topic
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import FORGOTTEN

logger = logging.getLogger(__name__)


def publish_forgotten(kafka: KafkaSettings, calls: Sequence[Forgotten]) -> None:
    """Have every worker drop what arrives of some calls from now on. Blocks.

    Raises:
        KafkaUnavailable: The brokers did not confirm it.
    """
    produce(kafka, FORGOTTEN.name, [(call.call_id, call.model_dump_json().encode()) for call in calls])


def forgotten_calls(kafka: KafkaSettings) -> frozenset[str]:
    """Return the identifiers of all calls that are forgotten. Blocks.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    with closing(TopicReader(kafka, FORGOTTEN.name, from_start=True)) as reader:
        return frozenset(call_id for call_id in map(_read, reader.up_to_now()) if call_id is not None)


def follow_forgotten(kafka: KafkaSettings, forget: Callable[[str], None]) -> None:
    """Tell ``forget`` every call that is forgotten now; then go on from a thread.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    follow_topic(kafka, FORGOTTEN, lambda value: _tell(value, forget))


def _tell(value: bytes, forget: Callable[[str], None]) -> None:
    call_id = _read(value)
    if call_id is not None:
        forget(call_id)


def _read(value: bytes) -> str | None:
    try:
        return FORGOTTEN.content.model_validate_json(value).call_id
    except ValidationError:
        logger.warning("unreadable mark of a forgotten call ignored")
        return None
