"""What a store that was restored from a backup has to be told: what was published of its calls since."""

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple

from pymongo.errors import DuplicateKeyError

from schemas import CallOutcome, Hop
from store import documents
from store.database import Document, part
from store.errors import ForgottenCall, UnstorableOutcome, asked, written
from store.forgetting import ForgettingStore
from store.revisions import said_at

_AT_ONCE = 16
_WANTED = {"revision": 1, "outcome.outcome_id": 1, "forgotten_at": 1, "hold": 1, "published": 1}


class Addition(NamedTuple):
    """What a call's document lacks."""

    outcomes: tuple[CallOutcome, ...]
    """The outcomes that follow those it has, the oldest first."""
    is_news: bool = False
    """Whether subscribers have not seen the newest outcome: it stands above all that was published."""


class PutBack(NamedTuple):
    """What was done to the document of one call."""

    call_id: str
    was_missing: bool
    """Whether there was none."""
    is_news: bool
    """Whether its newest outcome has to be published."""
    refused: str | None = None
    """Why the store cannot hold it, and has it as it was; None: it can."""


class Standing(NamedTuple):
    """Which calls have a document although subscribers were told that they are gone."""

    removable: tuple[str, ...]
    held: tuple[str, ...]
    """Those that stay, because somebody holds them."""


class ReconcilingStore(ForgettingStore):
    """The documents of all calls, for who puts back what was published of them."""

    async def put_back(self, published: Sequence[CallOutcome], *, write: bool) -> list[PutBack]:
        """Bring documents up to what was published, given in the order of publication; returns those that were not.

        A document's revisions rise above what subscribers have seen: it gets the published outcome, and where it has
        one that was decided later, that one again with the next revision. The memory of a forgotten call stays. Safe
        to repeat and to race.

        Args:
            published: Outcomes of calls that are not forgotten.
            write: Whether to write it; else it is only said.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be done already.
        """
        by_call: dict[str, list[CallOutcome]] = {}
        for outcome in published:
            by_call.setdefault(outcome.call_id, []).append(outcome)
        known = await self._found(by_call)
        behind = [outcomes for call_id, outcomes in by_call.items() if _is_behind(known.get(call_id), outcomes)]
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def one(outcomes: list[CallOutcome]) -> PutBack | None:
            async with at_once:
                try:
                    return await self._put_back(outcomes, write=write)
                except UnstorableOutcome as refusal:
                    return PutBack(outcomes[0].call_id, was_missing=False, is_news=False, refused=refusal.message)

        return [done for done in await asyncio.gather(*map(one, behind)) if done is not None]

    async def standing(self, call_ids: Collection[str]) -> Standing:
        """Return those of some calls that have a document, not only the memory that they are forgotten.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        known = await self._found(call_ids)
        present = {call_id: found for call_id, found in known.items() if "revision" in found}
        held = [call_id for call_id, found in present.items() if found.get("hold") is not None]
        return Standing(tuple(present.keys() - set(held)), tuple(held))

    async def remove(self, call_ids: Collection[str]) -> None:
        """Delete the documents of some calls, but for those that are held since.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be gone already.
        """
        with asked():
            await self._calls.delete_many({"_id": {"$in": list(call_ids)}, "hold": None})

    async def unpublished(self, call_ids: Sequence[str]) -> list[CallOutcome]:
        """Return the newest outcomes of some calls, without those whose publication was confirmed.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        known = await self._found(call_ids)
        news = [call_id for call_id, found in known.items() if "revision" in found and not _is_confirmed(found)]
        return await self.newest(news)

    async def _found(self, call_ids: Collection[str]) -> dict[str, Document]:
        with asked():
            return {one["_id"]: one async for one in self._calls.find({"_id": {"$in": list(call_ids)}}, _WANTED)}

    async def _put_back(self, published: list[CallOutcome], *, write: bool) -> PutBack | None:
        call_id = published[0].call_id
        while True:
            try:
                history = await self._history(call_id)
            except ForgottenCall:
                return None
            addition = lacking(history, published)
            if not write or not addition.outcomes or await self._append(history, addition):
                return PutBack(call_id, not history, addition.is_news)

    async def _append(self, history: list[CallOutcome], addition: Addition) -> bool:
        """Write what a document lacks if it is as it was read; tell whether it was."""
        *before, newest = (*history, *addition.outcomes)
        fields = documents.of_outcome(newest, before) | {"put_back": True}
        seen = addition.outcomes[:-1] if addition.is_news else addition.outcomes
        with written():
            if history:
                marks = {f"published.{outcome.revision}": True for outcome in seen}
                guard = {"_id": newest.call_id, "revision": history[-1].revision}
                return (await self._calls.update_one(guard, {"$set": fields | marks})).matched_count == 1
            confirmed = {str(outcome.revision): True for outcome in seen}
            try:
                await self._calls.insert_one({"_id": newest.call_id, **fields, "published": confirmed})
            except DuplicateKeyError:
                return False
            return True


def lacking(history: Sequence[CallOutcome], published: Sequence[CallOutcome]) -> Addition:
    """Decide what a document lacks whose outcomes are ``history``, given what was published, in that order.

    Its newest one may have been decided after all that, by a sink that ran between the restore and this: subscribers
    who have seen its revision dropped it, so it comes again above them.
    """
    own = history[-1] if history else None
    added: list[CallOutcome] = []
    for outcome in published:
        if outcome.revision > (added[-1].revision if added else own.revision if own else 0):
            added.append(outcome.model_copy(update={"hops": _before_the_sink(outcome)}))
    newest = added[-1] if added else max(published, key=lambda outcome: outcome.revision)
    if own is None or own.outcome_id == newest.outcome_id:
        return Addition(tuple(added))
    if own.revision > newest.revision:
        return Addition((), is_news=True)
    if added and said_at(own) <= said_at(newest):
        return Addition(tuple(added))
    last = max(newest, own, key=said_at)  # both have one number where nothing was added
    return Addition((*added, last.model_copy(update={"revision": newest.revision + 1})), is_news=True)


def _before_the_sink(outcome: CallOutcome) -> tuple[Hop, ...]:
    """Return the hops as the store has them: the sink's own is added when an outcome leaves."""
    return tuple(hop for hop in outcome.hops if hop.stage != "sink")


def _is_behind(found: Document | None, published: Sequence[CallOutcome]) -> bool:
    """Tell whether a document, as it was looked up, may lack something of what was published."""
    if found is None:
        return True
    if "forgotten_at" in found:
        return False
    highest = max(published, key=lambda outcome: outcome.revision)
    if found["revision"] > highest.revision:
        return not _is_confirmed(found)
    return bool(found["revision"] < highest.revision or part(found, "outcome.outcome_id") != highest.outcome_id)


def _is_confirmed(found: Document) -> bool:
    return str(found["revision"]) in found.get("published", {})
