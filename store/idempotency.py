"""Requests that may come twice: who sent which key, with what, and what was answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pymongo.errors import DuplicateKeyError

from store.database import Database, Document, moment
from store.errors import asked

KEPT = timedelta(hours=24)
"""How long an answer is remembered."""
_LEASE = timedelta(minutes=2)
"""A request that has not been answered for so long has died: the next one with its key does the work."""


class Turn(StrEnum):
    """What is to be done with a request."""

    WORK = "work"
    ANSWERED = "answered"
    RUNNING = "running"
    ANOTHER = "another"


@dataclass(frozen=True)
class Found:
    """What is known of a key."""

    turn: Turn
    answer: dict[str, Any] | None = None
    """What was answered, where it was."""


class IdempotencyStore:
    """The keys, each of one sender."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._keys = database.beside("idempotency")

    async def begin(self, key: str, fingerprint: str, now: datetime) -> Found:
        """Say what is to be done with a request; WORK is said to one of those that ask at once.

        Args:
            key: Names sender and key.
            fingerprint: Digest of what was sent.
            now: The time (UTC).

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        fresh: Document = {"fingerprint": fingerprint, "begun_at": now, "answer": None}
        with asked():
            while True:
                try:
                    await self._keys.insert_one({"_id": key} | fresh)
                except DuplicateKeyError:
                    known = await self._keys.find_one({"_id": key})
                else:
                    return Found(Turn.WORK)
                if known is None:
                    continue
                found = _judged(known, fingerprint, now)
                if found.turn is not Turn.WORK:
                    return found
                mine = {"_id": key, "begun_at": known["begun_at"]}
                if (await self._keys.update_one(mine, {"$set": fresh})).matched_count:
                    return found

    async def answered(self, key: str, answer: dict[str, Any]) -> None:
        """Remember what was answered.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        await self._change(key, {"$set": {"answer": answer}})

    async def give_up(self, key: str) -> None:
        """Forget a key whose request did nothing, so that it can be sent again.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            await self._keys.delete_one({"_id": key, "answer": None})

    async def remove_old(self, now: datetime) -> int:
        """Remove the keys that are not remembered any more, and return how many.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return int((await self._keys.delete_many({"begun_at": {"$lt": now - KEPT}})).deleted_count)

    async def _change(self, key: str, change: Document) -> None:
        with asked():
            await self._keys.update_one({"_id": key}, change)


def _judged(known: Document, fingerprint: str, now: datetime) -> Found:
    age = now - moment(known["begun_at"])
    if age > KEPT:
        return Found(Turn.WORK)
    if known["fingerprint"] != fingerprint:
        return Found(Turn.ANOTHER)
    if known["answer"] is not None:
        return Found(Turn.ANSWERED, known["answer"])
    return Found(Turn.WORK if age > _LEASE else Turn.RUNNING)
