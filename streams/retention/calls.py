"""What the topics still have of some calls: messages that nobody has acknowledged, and where their recordings are."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from typing import NamedTuple

from pydantic import ValidationError

from schemas import CallEnded
from streams.decoding import readable_call_id
from streams.kafka.reader import TopicReader, offset_of, partition_of
from streams.retention.unacknowledged import Unacknowledged
from streams.settings import KafkaSettings
from streams.topics import ENDED


class Waiting(NamedTuple):
    """A message that a stage or the retry mover has not acknowledged."""

    call_id: str
    position: str
    """Topic, partition and offset."""


def waiting_of(kafka: KafkaSettings, is_wanted: Callable[[str, str | None], bool]) -> Iterator[Waiting]:
    """Yield the unacknowledged messages of the calls that ``is_wanted`` says yes to, given identifier and caller.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing.
    """
    for message in Unacknowledged(kafka).messages():
        call_id = readable_call_id(message.value(), message.key())
        if call_id is not None and is_wanted(call_id, _caller(message.value())):
            topic, partition = partition_of(message)
            yield Waiting(call_id, f"{topic}/{partition}/{offset_of(message)}")


def recordings_of(kafka: KafkaSettings, call_ids: Collection[str]) -> dict[str, set[str]]:
    """Return the addresses of the recordings of some calls, by call, as far as calls.ended still has them.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic.
    """
    found: dict[str, set[str]] = {call_id: set() for call_id in call_ids}
    with closing(TopicReader(kafka, ENDED.name, from_start=True)) as reader:
        for value in reader.up_to_now():
            try:
                call = CallEnded.model_validate_json(value) if readable_call_id(value, None) in found else None
            except ValidationError:
                continue
            if call is not None and call.recording is not None:
                found[call.call_id].update(call.recording.uris)
    return found


def _caller(value: bytes | None) -> str | None:
    try:
        caller = json.loads(value or b"null").get("caller")
    except (AttributeError, ValueError, RecursionError):
        return None
    return caller if isinstance(caller, str) else None
