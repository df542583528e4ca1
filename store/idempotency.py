"""Requests that may come twice: who sent which key, with what, and what was answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from store.database import Database, Document, as_ms
from store.errors import asked

KEPT = timedelta(hours=24)
"""How long an answer is remembered."""
LEASE = timedelta(minutes=2)
"""A request that has said nothing for so long has died: the next one with its key does the work."""


class Turn(StrEnum):
    """What is to be done with a request."""

    WORK = "work"
    ANSWERED = "answered"
    RUNNING = "running"
    ANOTHER = "another"


@dataclass(frozen=True)
class Origin:
    """What all tries of one request share, so that each makes the same of what the request leaves open."""

    id: str
    """An identifier that nothing else has."""
    began_at: datetime
    """When the first of them came (UTC)."""

    @classmethod
    def new(cls, now: datetime) -> Self:
        """Begin with a first try; its moment has milliseconds, as the store keeps them."""
        return cls(uuid4().hex, now.replace(microsecond=now.microsecond // 1000 * 1000))


@dataclass(frozen=True)
class Found:
    """What is known of a key."""

    turn: Turn
    origin: Origin
    answer: dict[str, Any] | None = None
    """What was answered, where it was."""


class IdempotencyStore:
    """The keys, each of one sender."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._keys = database.beside("idempotency")

    async def begin(self, key: str, fingerprint: str, origin: Origin, now: datetime) -> Found:
        """Say what is to be done with a request; WORK is said to one of those that ask at once.

        Args:
            key: Names sender and key.
            fingerprint: Digest of what was sent.
            origin: This try's own, which it has if it is the first.
            now: The time (UTC).

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        lease = _lease(now)
        own = {"fingerprint": fingerprint, "origin": origin.id, "begun_at": origin.began_at, "answer": None}
        with asked():
            while True:
                try:
                    await self._keys.insert_one({"_id": key} | own | lease)
                except DuplicateKeyError:
                    known = await self._keys.find_one({"_id": key})
                else:
                    return Found(Turn.WORK, origin)
                if known is None:
                    continue
                same = {"_id": key, "leased_until": known["leased_until"]}
                if now - known["begun_at"] > KEPT:
                    await self._keys.delete_one(same)
                    continue
                found = _judged(known, fingerprint, now)
                if found.turn is not Turn.WORK:
                    return found
                if (await self._keys.update_one(same, {"$set": lease})).matched_count:
                    return found

    async def renew(self, key: str, now: datetime) -> None:
        """Say that a request is still being worked on; one that was given back or answered stays so.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            working = {"_id": key, "answer": None, "leased_until": {"$gt": 0}}
            await self._keys.update_one(working, {"$set": _lease(now)})

    async def answered(self, key: str, answer: dict[str, Any]) -> None:
        """Remember what was answered.

        Raises:
            MongoUnavailable: MongoDB did not answer; the next try does the work again, from the same origin.
        """
        with asked():
            await self._keys.update_one({"_id": key}, {"$set": {"answer": answer}})

    async def give_back(self, key: str) -> None:
        """Let the next try do the work at once: what this one has done of it is not known.

        Raises:
            MongoUnavailable: MongoDB did not answer; the next try has to wait for the end of the lease.
        """
        with asked():
            await self._keys.update_one({"_id": key, "answer": None}, {"$set": {"leased_until": 0}})

    async def forget(self, key: str) -> None:
        """Forget a key whose request did nothing: another one may be sent with it.

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


def _lease(now: datetime) -> Document:
    return {"leased_until": as_ms(now + LEASE)}


def _judged(known: Document, fingerprint: str, now: datetime) -> Found:
    origin = Origin(str(known["origin"]), known["begun_at"])
    if known["fingerprint"] != fingerprint:
        return Found(Turn.ANOTHER, origin)
    if known["answer"] is not None:
        return Found(Turn.ANSWERED, origin, known["answer"])
    return Found(Turn.WORK if known["leased_until"] <= as_ms(now) else Turn.RUNNING, origin)
