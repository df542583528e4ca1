"""The documents of calls, one each."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from schemas import CallAnnotated, CallOutcome, CallTranscribed, Leaf, Turn
from store import documents, revisions
from store.annotations import annotated
from store.database import Database, Document
from store.errors import ForgottenCall, asked, searched, written
from store.indexes import create, missing
from store.labels import LabelStore, stored_label
from store.searchable import listed

_TURNS = TypeAdapter(tuple[Turn, ...])
_PUBLISHED = {"forgotten_at": 1, "revision": 1, "outcome": 1, "published": 1}


@dataclass(frozen=True)
class CallFilter:
    """Which of the stored calls to take."""

    since: datetime | None = None
    """Those that ended then or later; None: from the first on."""
    until: datetime | None = None
    """Those that ended earlier; None: to the last."""
    category: Leaf | None = None
    """Those that have this category now, with any sub-category where it names none; None: every one."""
    provisional: bool = False
    """Only those that were decided offline because the hosted model was away."""


class OutcomeStore:
    """The documents of all calls."""

    def __init__(self, database: Database) -> None:
        """Read and write the documents that lie in a database."""
        self._database = database
        self._calls = database.calls

    async def save(
        self,
        outcome: CallOutcome,
        turns: tuple[Turn, ...] | None = None,
        supersedes: str | None = None,
        previous: str | None = None,
    ) -> CallOutcome | None:
        """Store an outcome unless it is known, and return it as it is stored; None: nothing is to be published of it.

        Safe to repeat and to race: every change is guarded by the revision that it was decided on. It leaves a person's
        label in force, unless it ``supersedes`` that label. A known outcome is a redelivery, unless it was decided
        again after the ``previous`` one (``revisions.verdict``). ``turns`` replace those that are stored, also where
        nothing was said; None: nobody listened, and they stay.

        Raises:
            ForgottenCall: The call is forgotten, and nothing of it is stored again.
            UnstorableOutcome: No store of this kind can hold it.
            MongoUnavailable: MongoDB did not answer; nothing is known to have changed.
        """
        history: list[CallOutcome] = []  # as a rule the call is new: to look first would cost an answer more
        with written():
            while True:
                stored, is_new, _ = revisions.verdict(history, outcome, supersedes, previous)
                if stored is None or not is_new or await self._put(stored, turns, history):
                    return stored
                history, is_put_back = await self._known(outcome.call_id)
                if is_put_back and revisions.comes_late(outcome, history[-1]):
                    await self._put_turns(outcome, turns, history[-1])
                    return None

    async def annotate(self, annotation: CallAnnotated) -> revisions.Verdict:
        """Store what somebody says of a call, as a revision where it is one, and then a label among the labels.

        Safe to repeat and to race, as ``save`` is. A label that was refused once stays so: its reviewer was told.

        Raises:
            ForgottenCall: The call is forgotten, and nothing of it is stored again.
            UnstorableOutcome: No store of this kind can hold it.
            MongoUnavailable: MongoDB did not answer; done again it comes to the same.
        """
        labels = LabelStore(self._database)
        if annotation.label is not None:
            known = await labels.find(annotation.event_id)
            if known is not None and known.refused is not None:
                return revisions.Verdict(None, is_new=False, is_refused=True)
        with written():
            while True:
                history = await self._history(annotation.call_id)
                verdict = annotated(history, annotation)
                if verdict.stored is None or not verdict.is_new or await self._put(verdict.stored, None, history):
                    break
        if annotation.label is not None:
            await labels.add(stored_label(annotation, history, is_refused=verdict.is_refused))
        return verdict

    async def due(self, stored: CallOutcome) -> CallOutcome | None:
        """Return what has to be published for an outcome that ``save`` returned; None: that was confirmed already.

        Raises:
            ForgottenCall: The call is forgotten.
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = _remembered(await self._calls.find_one({"_id": stored.call_id}, _PUBLISHED))
        if found is None:  # deleted since: what is not known to be published is published
            return stored
        return revisions.due(_newest(found, stored), _confirmed(found), stored)

    async def confirm(self, stored: CallOutcome, published: CallOutcome) -> CallOutcome | None:
        """Note that ``published`` was confirmed for ``stored``; instead return a newer outcome, if there is one.

        Whoever publishes an older one after a newer one gets the newer one here, and nothing counts as confirmed before
        that one is published again: compaction keeps what was published last.

        Raises:
            ForgottenCall: The call is forgotten; the outcome may have been published after its tombstone.
            UnstorableOutcome: The collection does not take the mark.
            MongoUnavailable: MongoDB did not answer; the mark may be missing.
        """
        marks = {f"published.{outcome.revision}": True for outcome in (stored, published)}
        guard = {"_id": stored.call_id, "revision": published.revision}
        with written():
            if (await self._calls.update_one(guard, {"$set": marks})).matched_count:
                return None
            found = _remembered(await self._calls.find_one({"_id": stored.call_id}, _PUBLISHED))
        newest = _newest(found, published) if found else published
        return newest if newest.revision > published.revision else None

    async def find(self, call_id: str, wanted: Document | None = None) -> Document | None:
        """Return the document of a call, or the fields of it that are wanted.

        Raises:
            SearchTooSlow: It took longer than the store's time-out.
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            return await self._calls.find_one({"_id": call_id}, wanted, max_time_ms=self._database.search_limit_ms)

    async def newest(self, call_ids: list[str]) -> list[CallOutcome]:
        """Return the newest outcomes of some calls, without those that have none or are forgotten.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = [one async for one in self._calls.find({"_id": {"$in": call_ids}}, {"outcome": 1})]
        return [CallOutcome.model_validate(one["outcome"]) for one in found if "outcome" in one]

    async def transcripts(
        self, chosen: CallFilter, after: str | None = None
    ) -> AsyncIterator[tuple[CallOutcome, CallTranscribed]]:
        """Yield the calls that are chosen and have a transcript, in the order in which they ended.

        Args:
            chosen: Which calls.
            after: Where to go on: ``place_of`` the last call that was taken; None: at the beginning.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        wanted = {"outcome": 1, "turns": 1}
        with asked():
            async for document in self._calls.find(_query(chosen, after), wanted).sort("search.order", ASCENDING):
                turns = _TURNS.validate_python(document.get("turns", ()))
                outcome = CallOutcome.model_validate(document["outcome"])
                if (found := revisions.transcript(outcome, turns)) is not None:
                    yield outcome, found

    async def count(self, decided_before: datetime | None = None) -> int:
        """Return the number of documents whose newest outcome was decided before a moment; None: of all.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return await self._calls.count_documents(_before(decided_before) if decided_before else {})

    async def decided_before(self, moment: datetime, limit: int) -> list[str]:
        """Return the calls, ``limit`` at the most, whose newest outcome was decided before a moment.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return [found["_id"] async for found in self._calls.find(_before(moment), {"_id": 1}).limit(limit)]

    async def delete_before(self, moment: datetime, call_ids: list[str]) -> list[CallOutcome]:
        """Delete the documents of some calls; returns the outcomes of those that stay, decided again or held meanwhile.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be gone already.
        """
        chosen: Document = {"_id": {"$in": call_ids}, "revision": {"$exists": True}}
        with asked():
            await self._calls.delete_many(chosen | _before(moment))
            left = [one async for one in self._calls.find(chosen, {"outcome": 1})]
        return [CallOutcome.model_validate(one["outcome"]) for one in left if "outcome" in one]  # others are forgotten

    async def missing_indexes(self) -> list[str]:
        """Return the indexes that are not there, each as ``str`` writes it.

        Raises:
            MongoUnavailable: MongoDB did not answer, or refused.
        """
        return [str(index) for index in await missing(self._database)]

    async def create_indexes(self) -> list[str]:
        """Make the indexes that are not there yet, and return them as ``missing_indexes`` does; others stay.

        On a large collection it takes minutes; reading and writing go on meanwhile.

        Raises:
            MongoUnavailable: MongoDB did not answer, or refused; what it has begun it finishes.
        """
        return [str(index) for index in await create(self._database)]

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    async def _history(self, call_id: str) -> list[CallOutcome]:
        return (await self._known(call_id))[0]

    async def _known(self, call_id: str) -> tuple[list[CallOutcome], bool]:
        """Return a call's outcomes, and whether some of them were put back after a restore: without their turns."""
        wanted = {"forgotten_at": 1, "history": 1, "put_back": 1}
        document = _remembered(await self._calls.find_one({"_id": call_id}, wanted))
        if document is None:
            return [], False
        return [CallOutcome.model_validate(entry) for entry in document["history"]], "put_back" in document

    async def _put(self, outcome: CallOutcome, turns: tuple[Turn, ...] | None, history: list[CallOutcome]) -> bool:
        """Write an outcome if the stored revision is still the one it was decided on; tell whether it was."""
        fields = documents.of_outcome(outcome, history) | documents.of_turns(turns)
        if not history:
            try:
                await self._calls.insert_one({"_id": outcome.call_id, **fields})
            except DuplicateKeyError:
                return False
            return True
        guard = {"_id": outcome.call_id, "revision": history[-1].revision}
        result = await self._calls.update_one(guard, {"$set": fields})
        return result.matched_count == 1

    async def _put_turns(self, outcome: CallOutcome, turns: tuple[Turn, ...] | None, put_back: CallOutcome) -> None:
        """Give a document that was put back its turns, where they come with the outcome that it holds."""
        if turns and revisions.worked_at(outcome) == revisions.worked_at(put_back):
            guard = {"_id": outcome.call_id, "revision": put_back.revision}
            await self._calls.update_one(guard, {"$set": documents.of_turns(turns)})


def _remembered(found: Document | None) -> Document | None:
    """Return a document as it was found; raises ForgottenCall for the memory of one."""
    if found is not None and "forgotten_at" in found:
        raise ForgottenCall(str(found["_id"]))
    return found


def _newest(found: Document, known: CallOutcome) -> CallOutcome:
    """Return the newest outcome of a document: the known one itself where that is it."""
    return known if found["revision"] == known.revision else CallOutcome.model_validate(found["outcome"])


def _confirmed(found: Document) -> set[int]:
    return {int(revision) for revision in found.get("published", ())}


def _query(chosen: CallFilter, after: str | None) -> Document:
    bounds = listed(chosen.since, chosen.until)
    if after is not None:
        bounds = {"$gt": after} | {name: bound for name, bound in bounds.items() if name != "$gte"}
    query: Document = {"state": "done", "search.order": bounds}
    if chosen.category is not None:
        query["category"] = chosen.category.category
        query |= {"sub_category": chosen.category.sub_category} if chosen.category.sub_category else {}
    if chosen.provisional:
        query["outcome.provisional"] = True
    return query


def _before(decided_at: datetime) -> Document:
    return {"decided_at": {"$lt": decided_at}, "hold": None}
