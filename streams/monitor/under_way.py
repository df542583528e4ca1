"""Where each call is that has no outcome yet, asked of the brokers. It joins no group and commits nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Message
from pydantic import BaseModel, Field, ValidationError

from streams.decoding import readable_call_id
from streams.kafka.brake_topic import notices
from streams.kafka.groups import Positions
from streams.kafka.lag import unread
from streams.kafka.ranges import BrokerView, Partition, Range
from streams.kafka.reader import headers_of, offset_of, partition_of, read
from streams.message import ORIGIN, Tries
from streams.message import Message as Taken
from streams.monitor.observer import published_at
from streams.monitor.places import CallScope, Found, Place, Places
from streams.settings import KafkaSettings
from streams.topics import PIPELINE, RETRIES, RETRY_GROUP, STAGES, Topic

_STAGES: Mapping[str, str] = {topic.name: stage for stage in PIPELINE for topic in STAGES[stage].consumes}
_READ: tuple[Topic, ...] = (*(topic for stage in PIPELINE for topic in STAGES[stage].consumes), *RETRIES)
_MOST_VALUES, _LONGEST_VALUE = 20, 200


class _Scoped(BaseModel):
    """What has to be read of an event to know whose it is."""

    call_id: str = Field(min_length=1, max_length=200)
    queue: str | None = None
    agent_id: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class CallsUnderWay:
    """The calls under way, as of the last look; a message is read once, and none that is acknowledged by then."""

    def __init__(self, kafka: KafkaSettings, most: int) -> None:
        """Make the clients; they connect with the first look. ``most`` calls are known at the most."""
        self._kafka = kafka
        self._view, self._positions = BrokerView(kafka), Positions(kafka)
        self._places = Places(most)
        self._topics = {kafka.prefix + topic.name: topic for topic in _READ}
        self._read_to: dict[Partition, int] = {}
        self.braked: frozenset[str] = frozenset()
        """Stages whose brake is applied."""

    def look(self) -> None:
        """Learn what has changed. Blocks, for as long as it takes to read the backlog; one at a time.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse; what was known is known still.
        """
        positions = self._positions.of(self._by_group(self._read_to or self._view.ranges(self._topics)))
        ranges = self._view.ranges(self._topics)
        wanted = {partition: self._new(partition, positions, part) for partition, part in ranges.items()}
        for message in read(self._kafka, wanted):
            self._note(message)
        self._read_to = {partition: part.end for partition, part in ranges.items()}
        self._places.settle(positions)
        self.braked = frozenset(stage for stage, notice in notices(self._kafka).items() if notice.applied)

    def find(self, call_id: str) -> Found | None:
        """Return where a call is; None: nothing of it waits or is in work, or it is one of too many."""
        return self._places.find(call_id)

    def close(self) -> None:
        """Close the connections."""
        self._positions.close()

    def _by_group(self, partitions: Mapping[Partition, object]) -> dict[str, list[Partition]]:
        found: dict[str, list[Partition]] = {}
        for partition in partitions:
            topic = self._topics[partition[0]].name
            group = STAGES[_STAGES[topic]].group if topic in _STAGES else RETRY_GROUP
            found.setdefault(self._kafka.prefix + group, []).append(partition)
        return found

    def _new(self, partition: Partition, positions: Mapping[Partition, int], part: Range) -> Range:
        read_to = self._read_to.get(partition, 0)
        read_to = 0 if read_to > part.end else read_to  # the topic was made anew
        return unread(max(read_to, positions.get(partition, 0)), part)

    def _note(self, message: Message) -> None:
        partition, offset, headers = partition_of(message), offset_of(message), headers_of(message)
        topic, since = self._topics[partition[0]], published_at(message)
        origin = (dict(headers).get(ORIGIN) or b"").decode(errors="replace") if topic.delay_s else topic.name
        stage = _STAGES.get(origin)
        call_id, scope = _read(message)
        if stage is None or call_id is None:  # classified again: it has an outcome
            return
        taken = Taken(topic, partition[1], offset, message.key(), message.value(), headers)
        tries = Tries.of(taken, datetime.now(UTC))
        next_try_at = None
        if topic.delay_s:
            next_try_at = (since or datetime.now(UTC)) + timedelta(seconds=topic.delay_s)
        place = Place(partition, offset, stage, since, tries.made, tries.retries, next_try_at)
        self._places.add(call_id, place, scope)


def _read(message: Message) -> tuple[str | None, CallScope | None]:
    """Return which call a message is about, and whose that is, as far as it says so."""
    try:
        found = _Scoped.model_validate_json(message.value() or b"")
    except ValidationError:
        return readable_call_id(message.value(), message.key()), None
    if not found.model_fields_set & {"queue", "agent_id", "metadata"}:
        return found.call_id, None
    short = {name: value for name, value in found.metadata.items() if _may_be_a_scope(value)}
    return found.call_id, CallScope(found.queue, found.agent_id, short)


def _may_be_a_scope(value: object) -> bool:
    """Tell whether to keep a value of the metadata: only texts are asked for, and what is kept is bounded."""
    texts = value if isinstance(value, list) and len(value) <= _MOST_VALUES else [value]
    return all(isinstance(text, str) and len(text) <= _LONGEST_VALUE for text in texts)
