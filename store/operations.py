"""Long work as it is kept: asked for by one process, done by another, with a lease that ends if that one dies."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from pymongo import ReturnDocument

from store.database import Database, Document, as_ms, moment
from store.errors import asked

Kind = Literal["erasure", "reprocess", "replay", "export"]
State = Literal["waiting", "working", "succeeded", "failed", "cancelled"]
OPEN: tuple[State, ...] = ("waiting", "working")
_LIMIT_MS = 5000


@dataclass(frozen=True)
class Operation:
    """One piece of long work."""

    id: str
    """Later ones sort after earlier ones."""
    kind: Kind
    request: Mapping[str, Any]
    """What is to be done. No number of a caller is in it."""
    who: str
    """Name of the principal who asked for it."""
    created_at: datetime
    state: State = "waiting"
    progress: Mapping[str, Any] | None = None
    cancel_requested: bool = False
    checkpoint: Any = None
    """What whoever takes it over has to know of what was done."""
    turn: int = 0
    """Counts the leases: what an earlier holder writes is not taken."""
    takeovers: int = 0
    """How often a lease ended while somebody worked on it."""
    response: Any = None
    error: Mapping[str, str] | None = None
    """``code``, ``message`` and ``cure``."""
    ended_at: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state not in OPEN

    @classmethod
    def of(cls, document: Document) -> Self:
        """Read a document."""
        fields = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        fields |= {name: moment(fields[name]) for name in ("created_at", "ended_at") if fields.get(name)}
        return cls(id=str(document["_id"]), **fields)


class OperationStore:
    """The operations, in a collection beside the calls."""

    def __init__(self, database: Database) -> None:
        """Read and write the collection of a database."""
        self._operations = database.beside("operations")

    async def add(self, kind: Kind, request: Mapping[str, Any], who: str, now: datetime) -> Operation:
        """Ask for work.

        Raises:
            MongoUnavailable: MongoDB did not answer; the operation may be there.
        """
        new: Document = {
            "_id": f"{as_ms(now):012x}{secrets.token_hex(8)}",
            "kind": kind,
            "request": dict(request),
            "who": who,
            "created_at": now,
            "state": "waiting",
            "cancel_requested": False,
            "turn": 0,
            "takeovers": 0,
            "lease_until": as_ms(now),
        }
        with asked():
            await self._operations.insert_one(new)
        return Operation.of(new)

    async def find(self, operation_id: str) -> Operation | None:
        """Return an operation.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = await self._operations.find_one({"_id": operation_id}, max_time_ms=_LIMIT_MS)
        return None if found is None else Operation.of(found)

    async def newest(self, kinds: Collection[str], who: str | None, before: str | None, limit: int) -> list[Operation]:
        """Return operations, newest first: of these kinds, of one principal (None: of all), older than ``before``.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        query: Document = {"kind": {"$in": sorted(kinds)}}
        query |= {} if who is None else {"who": who}
        query |= {} if before is None else {"_id": {"$lt": before}}
        with asked():
            found = self._operations.find(query).sort("_id", -1).limit(limit).max_time_ms(_LIMIT_MS)
            return [Operation.of(document) async for document in found]

    async def cancel(self, operation_id: str, now: datetime) -> Operation | None:
        """Ask that an operation be ended early; one of which nothing is done ends at once. None: none is there.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be done.
        """
        ended = {"state": "cancelled", "cancel_requested": True, "ended_at": now}
        if await self._change({"_id": operation_id, "state": "waiting", "checkpoint": None}, ended) is None:
            still_open = {"_id": operation_id, "state": {"$in": list(OPEN)}}
            await self._change(still_open, {"cancel_requested": True})
        return await self.find(operation_id)

    async def lease(self, now: datetime, lasts: timedelta) -> Operation | None:
        """Take the oldest operation that nobody works on; None: there is none. Of two who ask at once one gets it.

        Raises:
            MongoUnavailable: MongoDB did not answer; a lease that was given ends by itself.
        """
        free = self._operations.find(_free(now)).sort("_id", 1).limit(10).max_time_ms(_LIMIT_MS)
        with asked():
            found = [one async for one in free]
        for document in map(Operation.of, found):
            # still free: what mongo-java-server found may have been taken before it is shown, with its new turn
            guard = _free(now) | {"_id": document.id, "turn": document.turn, "state": document.state}
            takeovers = document.takeovers + (document.state == "working")
            change = {
                "state": "working",
                "turn": document.turn + 1,
                "takeovers": takeovers,
                "lease_until": as_ms(now + lasts),
            }
            if (mine := await self._change(guard, change)) is not None:
                return mine
        return None

    async def waiting_since(self, now: datetime) -> datetime | None:
        """Return since when an operation could be taken that nobody has taken, the earliest; None: there is none.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        free = self._operations.find(_free(now)).sort("lease_until", 1).limit(1).max_time_ms(_LIMIT_MS)
        with asked():
            found = [one["lease_until"] async for one in free]
        return datetime.fromtimestamp(found[0] / 1000, UTC) if found else None

    async def keep(self, held: Operation, changes: Mapping[str, Any], until: datetime) -> Operation | None:
        """Hold an operation until a later moment, and note what has become of it; None: it is not held any more.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._change(_held(held), {**changes, "lease_until": as_ms(until)})

    async def release(self, held: Operation, at: datetime) -> bool:
        """Give an operation back, for whoever takes it at a moment or later; tell whether it was held.

        Raises:
            MongoUnavailable: MongoDB did not answer; the lease ends by itself.
        """
        return await self._change(_held(held), {"state": "waiting", "lease_until": as_ms(at)}) is not None

    async def end(
        self, held: Operation, state: State, now: datetime, response: Any = None, error: Mapping[str, str] | None = None
    ) -> bool:
        """End an operation; tell whether it was held.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be done.
        """
        ended = {"state": state, "response": response, "error": error, "ended_at": now, "checkpoint": None}
        return await self._change(_held(held), ended) is not None

    async def remove_ended_before(self, moment: datetime) -> int:
        """Remove operations that ended before a moment; returns how many.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return (await self._operations.delete_many({"ended_at": {"$lt": moment}})).deleted_count

    async def _change(self, guard: Document, fields: Mapping[str, Any]) -> Operation | None:
        with asked():
            found = await self._operations.find_one_and_update(
                guard, {"$set": dict(fields)}, return_document=ReturnDocument.AFTER
            )
        return None if found is None else Operation.of(found)


def _free(now: datetime) -> Document:
    return {"state": {"$in": list(OPEN)}, "lease_until": {"$lte": as_ms(now)}}


def _held(operation: Operation) -> Document:
    return {"_id": operation.id, "turn": operation.turn, "state": "working"}
