"""The topic that says when each way in last brought a call: for the API, and for the processes that serve them."""

from contextlib import closing, suppress

from pydantic import ValidationError

from schemas import SourceNotice
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import SOURCES


def source_notices(kafka: KafkaSettings) -> dict[str, SourceNotice]:
    """Return the newest notice of each source that has one. Blocks.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    found = {}
    with closing(TopicReader(kafka, SOURCES.name, from_start=True)) as reader:
        for value in reader.up_to_now():
            with suppress(ValidationError):  # of a newer release: as if it had said nothing
                notice = SOURCES.content.model_validate_json(value)
                found[notice.source] = notice
    return found
