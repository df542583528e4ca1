"""The store: one document per call. The only module that talks to MongoDB.

It uses the API that motor shares with PyMongo's own asynchronous client, so that the move is one import
(docs/decisions/0005), and nothing that MongoDB-compatible servers answer differently.
"""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from agents.sink.core import Stored, verdict
from agents.sink.settings import SinkSettings
from schemas import CallOutcome, Turn
from streams.errors import TransientError

Document = dict[str, Any]


class StoreUnavailable(TransientError):
    """MongoDB did not answer, or refused."""


class OutcomeStore:
    """The documents of all calls."""

    def __init__(self, settings: SinkSettings) -> None:
        """Make the client; it connects with the first operation."""
        milliseconds = round(settings.timeout_s * 1000)
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            settings.uri.get_secret_value(),
            serverSelectionTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
            connectTimeoutMS=milliseconds,
            tz_aware=True,
        )
        self._calls: AsyncIOMotorCollection[Document] = self._client[settings.database][settings.collection]

    async def save(self, outcome: CallOutcome, turns: tuple[Turn, ...] = ()) -> CallOutcome | None:
        """Store an outcome unless it is known, and return what is to be published: with its revision, or nothing.

        Safe to repeat and to race: every change is guarded by the revision that it was decided on.

        Raises:
            StoreUnavailable: The store did not answer; nothing is known to have changed.
        """
        try:
            while True:
                stored = await self._stored(outcome.call_id)
                decided, is_new = verdict(stored, outcome)
                if decided is None or not is_new:
                    return decided
                if await self._put(decided, turns, replaces=stored.newest.revision if stored else None):
                    return decided
        except PyMongoError as error:
            raise StoreUnavailable(
                f"the store did not answer: {type(error).__name__}", "Check CALLSIFT_MONGO_URI and that MongoDB is up"
            ) from None  # its text may hold the address with the password

    async def find(self, call_id: str) -> Document | None:
        """Return the document of a call."""
        return await self._calls.find_one({"_id": call_id})

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    async def _stored(self, call_id: str) -> Stored | None:
        document = await self._calls.find_one({"_id": call_id}, {"history": 1})
        if document is None:
            return None
        history = [CallOutcome.model_validate(entry) for entry in document["history"]]
        return Stored(history[-1], {entry.outcome_id: entry for entry in history})

    async def _put(self, outcome: CallOutcome, turns: tuple[Turn, ...], replaces: int | None) -> bool:
        """Write an outcome if the stored revision is still the one it was decided on; tell whether it was."""
        as_json = outcome.model_dump(mode="json")
        fields: Document = {
            "revision": outcome.revision,
            "state": outcome.state,
            "category": outcome.category,
            "sub_category": outcome.sub_category,
            "ended_at": outcome.ended_at,
            "decided_at": outcome.decided_at,
            "outcome": as_json,
        }
        if turns:
            fields["turns"] = [turn.model_dump(mode="json") for turn in turns]
        if replaces is None:
            try:
                await self._calls.insert_one({"_id": outcome.call_id, **fields, "history": [as_json]})
            except DuplicateKeyError:
                return False
            return True
        guard = {"_id": outcome.call_id, "revision": replaces}
        result = await self._calls.update_one(guard, {"$set": fields, "$push": {"history": as_json}})
        return result.matched_count == 1
