"""The indexes of the collections: without them every such search reads all documents."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import IndexModel

from store.database import Database, Document
from store.errors import asked


class Index(NamedTuple):
    """One of them."""

    fields: tuple[str, ...]
    only: dict[str, Any] | None = None
    """Which documents are in it; None: all."""
    beside: str | None = None
    """Which collection beside the calls has it; None: that of the calls."""

    def __str__(self) -> str:
        """Return its fields, separated by commas, after the collection where that is another one."""
        return (f"{self.beside}: " if self.beside else "") + ", ".join(self.fields)

    def model(self) -> IndexModel:
        """Return it as the driver takes it."""
        options = {} if self.only is None else {"partialFilterExpression": self.only}
        return IndexModel([(field, 1) for field in self.fields], **options)


INDEXES = (
    Index(("decided_at",)),  # `retention run`
    Index(("ended_at",)),  # whoever reads the documents by time (docs/outcomes.md)
    Index(("category", "ended_at")),  # the same, of a category
    Index(("outcome.caller",)),  # `forget --caller`
    Index(("history.caller",)),  # the same, for numbers that were corrected
    Index(("search.order",)),  # the API's lists, exports and statistics; `reprocess`
    Index(("category", "search.order")),  # the same, of a category
    Index(("outcome.provisional", "search.order"), only={"outcome.provisional": True}),  # `reprocess --provisional`
    Index(("outcome.queue", "search.order")),  # the same, of a queue, or for whoever sees only some
    Index(("outcome.agent_id", "search.order")),  # the same, of an agent
    Index(("search.callback",)),  # the few who want to be called back, at whatever time their calls were
    Index(("words.customer",)),  # the API's search for words
    Index(("words.agent",)),
    Index(("words.undivided",)),
    Index(("call_id",), beside="labels"),  # the labels of a call; `forget`
    Index(("at",), beside="labels"),  # the labels of a time
    Index(("state", "lease_until"), beside="operations"),  # what is to be done
    Index(("ended_at",), beside="operations"),  # what was done long ago
    Index(("endpoint_id", "state", "due_ms"), beside="webhook_deliveries"),  # what is to be posted where
    Index(("endpoint_id", "order"), beside="webhook_deliveries"),  # the list of an endpoint
    Index(("call_id",), beside="webhook_deliveries"),  # who was told of a call that is gone
    Index(("ended_ms",), beside="webhook_deliveries"),  # what ended long ago
    Index(("published",), only={"published": False}, beside="audit"),  # what Kafka does not have yet
    Index(("at",), beside="audit"),  # what is too old
    Index(("begun_at",), beside="idempotency"),  # the same
    Index(("sample_id",), beside="sample_items"),  # the calls of a sample
    Index(("call_id",), beside="sample_items"),  # `forget`
)
"""What is looked for besides ``_id``: without them every such search reads all documents."""


async def missing(database: Database) -> list[Index]:
    """Return the indexes that are not there.

    Raises:
        MongoUnavailable: MongoDB did not answer, or refused.
    """
    lacking: list[Index] = []
    for beside, indexes in _by_collection(INDEXES).items():
        with asked():
            known = await _collection(database, beside).index_information()
        # By their fields: servers and people name them differently.
        found = {tuple(field for field, _ in about["key"]) for about in known.values()}
        lacking += [index for index in indexes if index.fields not in found]
    return lacking


async def create(database: Database) -> list[Index]:
    """Make the indexes that are not there yet, and return them; others stay.

    Raises:
        MongoUnavailable: MongoDB did not answer, or refused; what it has begun it finishes.
    """
    lacking = await missing(database)
    with asked():
        for beside, indexes in _by_collection(lacking).items():
            await _collection(database, beside).create_indexes([index.model() for index in indexes])
    return lacking


def _collection(database: Database, beside: str | None) -> AsyncIOMotorCollection[Document]:
    return database.calls if beside is None else database.beside(beside)


def _by_collection(indexes: Iterable[Index]) -> dict[str | None, list[Index]]:
    found: dict[str | None, list[Index]] = {}
    for index in indexes:
        found.setdefault(index.beside, []).append(index)
    return found
