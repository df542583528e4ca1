"""What the store does for `callsift forget` and `callsift hold`: finds a caller's calls, keeps, and forgets."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from store.calls import OutcomeStore
from store.database import Document
from store.errors import asked

_WANTED = {"hold": 1, "forgotten_at": 1, "history": 1}


@dataclass(frozen=True)
class StoredCall:
    """What the store knows of a call that is to be forgotten."""

    call_id: str
    is_forgotten: bool
    """Whether only the memory is left that it was forgotten."""
    hold: str | None
    """Why it may not be forgotten; None: it may."""
    classifiers: frozenset[str]
    """Who has decided about it."""


class ForgettingStore(OutcomeStore):
    """The documents of all calls, for who forgets them."""

    async def calls_of(self, written: str, hashed: Collection[str]) -> list[str]:
        """Return the identifiers of a caller's calls, in no order.

        Args:
            written: Regular expression of the number.
            hashed: The number's hashes.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        wanted: list[Document] = [{"$regex": written}, {"$in": list(hashed)}]
        # The newest outcome is in the history, too, but nx-27017 does not look into lists of documents.
        query = {"$or": [{place: one} for place in ("outcome.caller", "history.caller") for one in wanted]}
        with asked():
            return [str(document["_id"]) async for document in self._calls.find(query, {"_id": 1})]

    async def known(self, call_ids: Collection[str]) -> dict[str, StoredCall]:
        """Return what is known of some calls; those of which there is nothing are left out.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = [one async for one in self._calls.find({"_id": {"$in": list(call_ids)}}, _WANTED)]
        return {str(document["_id"]): _stored_call(document) for document in found}

    async def forget(self, call_id: str, forgotten_at: datetime) -> bool:
        """Put the memory that a call is forgotten in its document's place; tell whether it may be forgotten.

        What a worker has read of it before is refused afterwards: the revision that it goes by is not there.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be done.
        """
        free, memory = {"_id": call_id, "hold": None}, {"forgotten_at": forgotten_at}
        with asked():
            # not as an upsert, with which nx-27017 replaces what the filter leaves out
            while not (await self._calls.replace_one(free, memory)).matched_count:
                if await self._calls.find_one({"_id": call_id}, {"_id": 1}):
                    return False
                with suppress(DuplicateKeyError):  # stored meanwhile
                    await self._calls.insert_one({"_id": call_id} | memory)
        return True

    async def hold(self, call_id: str, reason: str, by: str, since: datetime) -> bool:
        """Keep a call from being forgotten and from growing too old; tell whether there is a document of it.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._mark(call_id, {"$set": {"hold": {"reason": reason, "by": by, "since": since}}})

    async def release(self, call_id: str) -> bool:
        """Hold a call no longer; tell whether there is a document of it.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._mark(call_id, {"$unset": {"hold": ""}})

    async def _mark(self, call_id: str, change: Document) -> bool:
        with asked():
            result = await self._calls.update_one({"_id": call_id, "revision": {"$exists": True}}, change)
        return result.matched_count == 1


def _stored_call(document: dict[str, Any]) -> StoredCall:
    hold = document.get("hold")
    decided_by = {entry.get("classifier") for entry in document.get("history", ())}
    return StoredCall(
        str(document["_id"]),
        "forgotten_at" in document,
        hold["reason"] if hold else None,
        frozenset(decided_by - {None}),
    )
