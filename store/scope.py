"""Which of some calls lie in a scope."""

from collections.abc import Collection, Mapping
from typing import Any

from store.database import Database
from store.errors import asked

_LIMIT_MS = 5000


async def calls_within(database: Database, call_ids: Collection[str], query: Mapping[str, Any]) -> set[str]:
    """Return those of some calls that have a document which a query accepts.

    Raises:
        MongoUnavailable: MongoDB did not answer.
    """
    chosen = {"_id": {"$in": sorted(call_ids)}, **query}
    with asked():
        return {str(one["_id"]) async for one in database.calls.find(chosen, {"_id": 1}).max_time_ms(_LIMIT_MS)}
