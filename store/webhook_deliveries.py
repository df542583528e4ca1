"""Deliveries to endpoints: what is to be posted, when it is tried next, and what came of each try.

A delivery names its call and its outcome, and holds nothing of either: what is posted is read when it is posted.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from store.database import Database, Document, as_ms
from store.errors import asked

State = Literal["waiting", "delivered", "failed", "dropped"]
_LIMIT_MS = 5000
_MOST_FORWARDED = 3
_KEPT_ATTEMPTS = 30


@dataclass(frozen=True)
class Attempt:
    """One try."""

    at_ms: int
    """When it began, in milliseconds since 1970."""
    seconds: float
    """How long it took."""
    status: int | None = None
    """What was answered; None: nothing was."""
    problem: str | None = None
    """Why it does not count; None: it does."""
    detail: str | None = None
    """More about that, where there is more."""


@dataclass(frozen=True)
class Delivery:
    """What one endpoint is to be told once."""

    endpoint_id: str
    webhook_id: str
    """Of an outcome its identifier: the same on every try."""
    call_id: str
    type: str
    """Such as call.classified."""
    order: str
    """Later ones sort after earlier ones."""
    due_ms: int
    """When it may be tried, in milliseconds since 1970; while somebody tries it, when their lease ends."""
    state: State = "waiting"
    tries: int = 0
    """Tries since it was queued, or queued again."""
    attempts: tuple[Attempt, ...] = ()
    """The last ones, oldest first, those before it was queued again included."""
    turn: int = 0
    """Counts the leases: what an earlier holder writes is not taken."""
    leased: int = 0
    """1: somebody tries it, or has died of it."""
    forwarded: int = 0
    """How often it was to be tried before its time, since the endpoint took others again."""
    ended_ms: int | None = None

    @classmethod
    def new(cls, endpoint_id: str, webhook_id: str, call_id: str, kind: str, now: datetime) -> Self:
        """Queue something, to be tried at once."""
        order = f"{as_ms(now):012x}{secrets.token_hex(6)}"
        return cls(endpoint_id, webhook_id, call_id, kind, order, as_ms(now))

    @classmethod
    def of(cls, document: Document) -> Self:
        """Read a document."""
        fields = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        return cls(**fields | {"attempts": tuple(Attempt(**one) for one in document["attempts"])})

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, one way or another."""
        return None if self.ended_ms is None else datetime.fromtimestamp(self.ended_ms / 1000, UTC)

    @property
    def queued_at(self) -> datetime:
        """When it was queued first."""
        return datetime.fromtimestamp(int(self.order[:12], 16) / 1000, UTC)

    def begun_at(self, attempt: Attempt) -> datetime:
        """Return when the first of the tries was that ``attempt`` is the last of."""
        first = (*self.attempts, attempt)[-self.tries - 1 :][0]
        return datetime.fromtimestamp(first.at_ms / 1000, UTC)

    @property
    def key(self) -> str:
        """What names it in the store: the same outcome is queued once for an endpoint."""
        return f"{self.endpoint_id}.{self.webhook_id}"


@dataclass(frozen=True)
class Queue:
    """How much waits for an endpoint."""

    waiting: int = 0
    oldest: datetime | None = None
    """When the oldest of it was queued."""


class DeliveryStore:
    """The deliveries, in a collection beside the calls."""

    def __init__(self, database: Database) -> None:
        """Use the collection of a database."""
        self._deliveries = database.beside("webhook_deliveries")

    async def add(self, new: Iterable[Delivery]) -> list[Delivery]:
        """Queue deliveries; those that are known are left as they are, and returned.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be queued, and doing it again does no harm.
        """
        known = []
        for delivery in new:
            with asked():
                try:
                    await self._deliveries.insert_one(asdict(delivery) | {"_id": delivery.key})
                except DuplicateKeyError:
                    known.append(delivery)
        return known

    async def lease(self, endpoint_id: str, now: datetime, lasts: timedelta, most: int) -> list[Delivery]:
        """Take deliveries that are due, the one first that is due longest; of two who ask at once one gets each.

        Raises:
            MongoUnavailable: MongoDB did not answer; a lease that was given ends by itself.
        """
        due = {"endpoint_id": endpoint_id, "state": "waiting", "due_ms": {"$lte": as_ms(now)}}
        with asked():
            free = self._deliveries.find(due).sort("due_ms", 1).limit(most).max_time_ms(_LIMIT_MS)
            found = [Delivery.of(one) async for one in free]
        until = {"due_ms": as_ms(now + lasts), "leased": 1}
        # still due: what mongo-java-server found may have been taken before it is shown, with its new turn
        held = [await self._change(_held(one) | due, until | {"turn": one.turn + 1}) for one in found]
        return [one for one in held if one is not None]

    async def note(self, held: Delivery, attempt: Attempt, due_at: datetime) -> bool:
        """Note a try, and when the next one is due; tells whether it was held.

        Raises:
            MongoUnavailable: MongoDB did not answer; it is tried again when the lease has ended.
        """
        changes = _tried(held, attempt) | {"due_ms": as_ms(due_at), "leased": 0}
        return await self._change(_held(held), changes) is not None

    async def end(self, held: Delivery, state: State, now: datetime, attempt: Attempt | None = None) -> bool:
        """End a delivery; tells whether it was held.

        Raises:
            MongoUnavailable: MongoDB did not answer; it is tried again when the lease has ended.
        """
        changes = ({} if attempt is None else _tried(held, attempt)) | {"state": state, "ended_ms": as_ms(now)}
        return await self._change(_held(held), changes) is not None

    async def again(self, key: str, now: datetime, states: Iterable[State]) -> Delivery | None:
        """Have a delivery that is in one of some states tried at once, and then by the schedule from its beginning.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be done.
        """
        anew: Document = {"state": "waiting", "due_ms": as_ms(now), "tries": 0, "ended_ms": None}
        anew |= {"leased": 0, "forwarded": 0}
        return await self._change({"_id": key, "state": {"$in": sorted(states)}}, anew)

    async def bring_forward(self, endpoint_id: str, now: datetime) -> int:
        """Have what waits for an endpoint and nobody tries now tried at once; returns how much that is.

        Each delivery a few times: what the endpoint refuses while it takes others goes by the schedule from then on.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        later: Document = {"endpoint_id": endpoint_id, "state": "waiting", "due_ms": {"$gt": as_ms(now)}}
        later |= {"leased": 0, "forwarded": {"$lt": _MOST_FORWARDED}}  # no $ne, by which nx-27017 updates nothing
        with asked():
            at_once = {"$set": {"due_ms": as_ms(now)}, "$inc": {"forwarded": 1}}
            return (await self._deliveries.update_many(later, at_once)).matched_count

    async def find(self, endpoint_id: str, webhook_id: str) -> Delivery | None:
        """Return a delivery.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        wanted = {"_id": f"{endpoint_id}.{webhook_id}"}
        with asked():
            found = await self._deliveries.find_one(wanted, max_time_ms=_LIMIT_MS)
        return None if found is None else Delivery.of(found)

    async def newest(self, endpoint_id: str, state: State | None, before: str | None, limit: int) -> list[Delivery]:
        """Return deliveries to an endpoint, newest first: in one state (None: in any), queued before ``before``.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        query: Document = {"endpoint_id": endpoint_id}
        query |= {} if state is None else {"state": state}
        query |= {} if before is None else {"order": {"$lt": before}}
        with asked():
            found = self._deliveries.find(query).sort("order", -1).limit(limit).max_time_ms(_LIMIT_MS)
            return [Delivery.of(one) async for one in found]

    async def queue(self, endpoint_id: str) -> Queue:
        """Return how much waits for an endpoint.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        waiting = {"endpoint_id": endpoint_id, "state": "waiting"}
        with asked():
            count = await self._deliveries.count_documents(waiting)
            first = self._deliveries.find(waiting).sort("order", 1).limit(1).max_time_ms(_LIMIT_MS)
            oldest = [Delivery.of(one).queued_at async for one in first]
        return Queue(count, oldest[0] if oldest else None)

    async def told(self, call_id: str) -> set[str]:
        """Return the endpoints that there are deliveries about a call for.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = self._deliveries.find({"call_id": call_id}, {"endpoint_id": 1}).max_time_ms(_LIMIT_MS)
            return {str(one["endpoint_id"]) async for one in found}

    async def remove_of_call(self, call_id: str, but: str) -> None:
        """Remove what there is about a call, but for the deliveries of one type.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be gone.
        """
        with asked():
            await self._deliveries.delete_many({"call_id": call_id, "type": {"$ne": but}})

    async def remove_of_endpoint(self, endpoint_id: str) -> None:
        """Remove everything for an endpoint.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be gone.
        """
        with asked():
            await self._deliveries.delete_many({"endpoint_id": endpoint_id})

    async def remove_ended_before(
        self, moment: datetime, *, but_to: Iterable[str] = (), kind: str | None = None
    ) -> int:
        """Remove deliveries that ended before a moment, but those to some endpoints, or of one kind; returns how many.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        old: Document = {"state": {"$in": ["delivered", "failed", "dropped"]}, "ended_ms": {"$lt": as_ms(moment)}}
        old |= {"endpoint_id": {"$nin": sorted(but_to)}} | ({} if kind is None else {"type": kind})
        with asked():
            return (await self._deliveries.delete_many(old)).deleted_count

    async def _change(self, guard: Document, fields: Mapping[str, Any]) -> Delivery | None:
        with asked():
            found = await self._deliveries.find_one_and_update(
                guard, {"$set": dict(fields)}, return_document=ReturnDocument.AFTER
            )
        return None if found is None else Delivery.of(found)


def _held(delivery: Delivery) -> Document:
    return {"_id": delivery.key, "turn": delivery.turn, "state": "waiting"}


def _tried(held: Delivery, attempt: Attempt) -> Document:
    # written whole, which the lease makes safe: nx-27017 turns a document that is $pushed into a string
    attempts = [asdict(one) for one in (*held.attempts, attempt)[-_KEPT_ATTEMPTS:]]
    return {"attempts": attempts, "tries": held.tries + 1}
