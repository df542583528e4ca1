"""After a restore: brings the store's documents up to what calls.outcomes has published (docs/restoring.md)."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple, TypeVar

from confluent_kafka import Message
from pydantic import ValidationError

from schemas import CallOutcome
from store.database import Database
from store.labels import LabelStore
from store.reconciliation import ReconcilingStore
from store.samples import SampleStore
from streams.kafka import forgotten_calls, offset_of, publish_outcomes, read, topic_ranges
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

_AT_ONCE = 1000
Item = TypeVar("Item")


class Place(NamedTuple):
    """Where a message stands on its topic."""

    partition: int
    offset: int
    published_ms: int

    @classmethod
    def of(cls, message: Message) -> "Place":
        """Return the place of a message."""
        return cls(message.partition() or 0, offset_of(message), message.timestamp()[1])

    def is_before(self, other: "Place") -> bool:
        """Tell whether it came before another message of its key, which moves where partitions are added."""
        if self.partition == other.partition:
            return self.offset < other.offset
        return self.published_ms < other.published_ms


@dataclass
class Reconciled:
    """What was done, or is to be done."""

    looked_at: int = 0
    """Published outcomes of calls that are not gone."""
    missing: int = 0
    """Documents that were not there, and were put back."""
    behind: int = 0
    """Documents whose newest outcome was not what subscribers have seen."""
    published: int = 0
    """Outcomes that nobody had published above what subscribers have seen: they were."""
    forgotten: int = 0
    """Documents of forgotten calls: the memory of them stands there again."""
    removed: int = 0
    """Documents of other calls that subscribers were told are gone."""
    held: list[str] = field(default_factory=list)
    """Calls that are gone for subscribers, and whose documents stay because they are on hold."""
    unreadable: int = 0
    """Messages that are no outcome of this version."""
    refused: dict[str, str] = field(default_factory=dict)
    """Calls whose document could not take what was published, and why."""


class Reconciliation:
    """Reads calls.outcomes from its beginning to its end, page by page, and makes the documents say the same.

    What is remembered of the whole topic is only which calls are gone.
    """

    def __init__(self, kafka: KafkaSettings, database: Database, *, write: bool) -> None:
        """Bring the documents of a database up to what the brokers have; without ``write`` only say what that takes."""
        self._kafka, self._write = kafka, write
        self._documents = ReconcilingStore(database)
        self._apart = (LabelStore(database), SampleStore(database))
        self._ranges = topic_ranges(kafka, OUTCOMES.name)
        self.total = 2 * sum(part.end - part.start for part in self._ranges.values())
        """Messages to read at the most: each twice."""
        self._found = Reconciled()

    def run(self, on_messages: Callable[[int], None]) -> Reconciled:
        """Do it all, and tell ``on_messages`` how many more were read. Blocks; may be done again at any time.

        Raises:
            KafkaUnavailable: The brokers do not answer or do not confirm.
            MongoUnavailable: MongoDB did not answer; what was done stays done.
        """
        forgotten, gone = forgotten_calls(self._kafka), dict[str, Place]()
        for message in self._messages(on_messages):
            if message.value() is None and message.key() is not None:
                call_id, place = _key(message), Place.of(message)
                if call_id not in gone or gone[call_id].is_before(place):
                    gone[call_id] = place
        news: set[str] = set()
        with asyncio.Runner() as runner:
            for page in _pages(self._standing(self._messages(on_messages), gone, forgotten)):
                news |= runner.run(self._put_back(page))
            for call_ids in _pages(sorted(forgotten)):
                runner.run(self._remove(call_ids, is_forgotten=True))
            for call_ids in _pages(sorted(gone.keys() - forgotten)):
                runner.run(self._remove(call_ids, is_forgotten=False))
            for call_ids in _pages(sorted(news)):
                runner.run(self._publish(call_ids))
        return self._found

    def _messages(self, on_messages: Callable[[int], None]) -> Iterator[Message]:
        for page in _pages(read(self._kafka, self._ranges)):
            yield from page
            on_messages(len(page))

    def _standing(
        self, messages: Iterable[Message], gone: dict[str, Place], forgotten: Collection[str]
    ) -> Iterator[CallOutcome]:
        """Yield the outcomes of calls that are not gone; one that came after its tombstone is taken from ``gone``."""
        for message in messages:
            value = message.value()
            if value is None:
                continue
            try:
                outcome = CallOutcome.model_validate_json(value)
            except ValidationError:
                self._found.unreadable += 1
                continue
            tombstone = gone.get(outcome.call_id)
            if outcome.call_id in forgotten or (tombstone is not None and Place.of(message).is_before(tombstone)):
                continue
            gone.pop(outcome.call_id, None)
            self._found.looked_at += 1
            yield outcome

    async def _put_back(self, page: list[CallOutcome]) -> set[str]:
        """Put back what documents lack of a page; returns the calls whose newest outcome nobody has seen."""
        done = await self._documents.put_back(page, write=self._write)
        self._found.missing += sum(one.was_missing for one in done)
        self._found.behind += sum(not one.was_missing and one.refused is None for one in done)
        self._found.refused |= {one.call_id: one.refused for one in done if one.refused is not None}
        return {one.call_id for one in done if one.is_news}

    async def _remove(self, call_ids: list[str], *, is_forgotten: bool) -> None:
        removable, held = await self._documents.standing(call_ids)
        self._found.held += held
        if is_forgotten:
            self._found.forgotten += len(removable)
        else:
            self._found.removed += len(removable)
        if not self._write or not removable:
            return
        for apart in self._apart:  # before the documents go: who dies in between finds them again
            await apart.detach(removable)
        if not is_forgotten:
            await self._documents.remove(removable)
            return
        for call_id in removable:
            await self._documents.forget(call_id, datetime.now(UTC))

    async def _publish(self, call_ids: list[str]) -> None:
        if not self._write:
            self._found.published += len(call_ids)
            return
        outcomes = await self._documents.unpublished(call_ids)
        publish_outcomes(self._kafka, outcomes)
        for outcome in outcomes:
            await self._documents.confirm(outcome, outcome)
        self._found.published += len(outcomes)


def _key(message: Message) -> str:
    key = message.key()
    return key.decode(errors="replace") if isinstance(key, bytes) else str(key)


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while page := list(islice(remaining, _AT_ONCE)):
        yield page
