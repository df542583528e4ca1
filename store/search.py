"""Looking for calls: by when, by whom, by what became of them, and by what was said.

Nothing here but what nx-27017, mongo-java-server and MongoDB answer alike: no regular expression (the first does not
look into lists with one), no date (for which it sorts all documents), and ``$or`` only where nothing else will do.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter
from pymongo import ASCENDING, DESCENDING

from schemas import CallOutcome, Speaker, Turn
from store.database import Database, Document
from store.errors import asked, searched
from store.folding import fold, folded_words
from store.searchable import between, listed, searchable, words_said

_TURNS = TypeAdapter(tuple[Turn, ...])
_LAST_LETTER = "\U0010ffff"
_OUTCOME = {"outcome": 1, "search": 1}


@dataclass(frozen=True)
class CallQuery:
    """Which calls are looked for: those that fit everything that is not None or empty."""

    ended_since: datetime | None = None
    """Those that ended then or later."""
    ended_before: datetime | None = None
    """Those that ended earlier."""
    among: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By field of the document: those that have one of these values there."""
    confidence_from: float | None = None
    """Those whose classifier was at least so sure."""
    confidence_below: float | None = None
    """Those whose classifier was less sure."""
    source: Literal["human", "machine"] | None = None
    """Those that a person labelled; machine: all others."""
    service: str | None = None
    """Those that asked for this appliance or service, whatever its letters' case."""
    brand: str | None = None
    """Those about this brand, whatever its letters' case."""
    callback_since: datetime | None = None
    """Those who want to be called back then or later."""
    callback_before: datetime | None = None
    """Those who want to be called back earlier."""
    words: str | None = None
    """Those in which words begin so; where there are several, all of them, in any order."""
    speaker: Speaker | None = None
    """Who has to have said the words; None: each of them anybody."""
    within: Document = field(default_factory=dict)
    """The scope of whoever asks, as the store is asked."""

    def document(self) -> Document:
        """Return what the store is asked for."""
        query: Document = {name: {"$in": list(values)} for name, values in self.among.items()}
        query["search.order"] = listed(self.ended_since, self.ended_before)
        confidence = {"$gte": self.confidence_from, "$lt": self.confidence_below}
        if bounds := {name: bound for name, bound in confidence.items() if bound is not None}:
            query["outcome.confidence"] = bounds
        if self.source is not None:  # a machine's have no such field in documents of before
            query["outcome.source"] = {"$in": ["human"]} if self.source == "human" else {"$ne": "human"}
        for name, text in {"service": self.service, "brand": self.brand}.items():
            if text is not None:
                query[f"search.{name}"] = {"$in": [fold(text)]}
        if due := between(self.callback_since, self.callback_before):
            query["search.callback"] = due
        return _both(query | _spoken(self.words, self.speaker), self.within)


class CallSearch:
    """The calls in the order in which they ended, the newest first."""

    def __init__(self, database: Database) -> None:
        """Look in the documents that lie in a database."""
        self._calls = database.calls
        self._limit_ms = database.search_limit_ms

    async def page(
        self,
        query: CallQuery,
        size: int,
        after: str | None = None,
        wanted: Document | None = None,
        *,
        oldest_first: bool = False,
    ) -> list[Document]:
        """Return the first documents, ``size`` at the most, with the fields that are wanted: the outcome, or more.

        Args:
            query: Which calls.
            size: How many, at the most.
            after: ``search.order`` of the document that the last page ended with.
            wanted: The fields as MongoDB takes them; ``search`` has to be among them.
            oldest_first: Turn the order round.

        Raises:
            SearchTooSlow: It took longer than the store's time-out.
            MongoUnavailable: MongoDB did not answer.
        """
        asked = query.document()
        if after is not None:
            bounds = asked["search.order"]
            before = {name: bound for name, bound in bounds.items() if name != "$gte"}
            further = {"$lt": min(after, bounds.get("$lt", after))}
            asked["search.order"] = before | {"$gt": after} if oldest_first else bounds | further
        found = self._calls.find(asked, wanted or _OUTCOME, max_time_ms=self._limit_ms, batch_size=size)
        with searched():
            documents: list[Document] = (
                await found.sort("search.order", ASCENDING if oldest_first else DESCENDING).limit(size).to_list(size)
            )
        return documents

    async def pages(self, query: CallQuery, size: int, wanted: Document | None = None) -> AsyncIterator[list[Document]]:
        """Yield all documents page by page, each asked for by itself; raises what ``page`` does.

        A call that is corrected meanwhile may come twice or not at all where its end moves; others come once.
        """
        after: str | None = None
        while documents := await self.page(query, size, after, wanted):
            yield documents
            if len(documents) < size:
                return
            after = documents[-1]["search"]["order"]

    async def count(self, query: CallQuery) -> int:
        """Return how many calls fit.

        Raises:
            SearchTooSlow: It took longer than the store's time-out.
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            return await self._calls.count_documents(query.document(), maxTimeMS=self._limit_ms)

    async def unsearchable(self) -> int:
        """Return how many calls are in no list because their documents are from before there were these fields.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return await self._calls.count_documents(_UNSEARCHABLE)

    async def fill(self, at_once: int = 500) -> AsyncIterator[int]:
        """Give such documents the fields, some at once; yields how many have got them. Safe to repeat, and to race.

        Raises:
            MongoUnavailable: MongoDB did not answer; some have them already.
        """
        wanted = {"revision": 1, "outcome": 1, "turns": 1}
        with asked():
            while found := await self._calls.find(_UNSEARCHABLE, wanted).limit(at_once).to_list(at_once):
                for document in found:
                    guard = {"_id": document["_id"], "revision": document["revision"]}
                    await self._calls.update_one(guard, {"$set": _fields(document)})
                yield len(found)


_UNSEARCHABLE: Document = {"revision": {"$exists": True}, "search": {"$exists": False}}
"""Documents with an outcome, which the memory of a forgotten call has not."""


def _fields(document: Document) -> Document:
    turns = _TURNS.validate_python(document.get("turns", ()))
    words = {"words": words_said(turns)} if turns else {}
    return {"search": searchable(CallOutcome.model_validate(document["outcome"]))} | words


def _spoken(words: str | None, speaker: Speaker | None) -> Document:
    """Return what is asked for the beginnings of words: ranges of text, which an index of a list answers."""
    if words is None:
        return {}
    sides = [f"words.{one.value}" for one in ([speaker] if speaker else Speaker)]
    begin = [{"$elemMatch": {"$gte": word, "$lt": word + _LAST_LETTER}} for word in folded_words([words])]
    each: list[Document] = [
        {sides[0]: one} if len(sides) == 1 else {"$or": [{side: one} for side in sides]} for one in begin
    ]
    return each[0] if len(each) == 1 else {"$and": each}


def _both(query: Document, scope: Document) -> Document:
    """Return a query for what fits both; of two lists for one field it takes what is in both."""
    merged = query | scope
    for name in query.keys() & scope.keys():
        ours, theirs = query[name], scope[name]
        if ours.keys() | theirs.keys() != {"$in"}:
            return {"$and": [query, scope]}
        merged[name] = {"$in": [value for value in ours["$in"] if value in theirs["$in"]]}
    return merged
