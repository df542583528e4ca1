"""The audit: who read, heard or changed what, and when. Only ever added to."""

from datetime import datetime

from pymongo.errors import PyMongoError

from store.database import Database
from store.errors import unavailable


class AuditStore:
    """The entries of the audit."""

    def __init__(self, database: Database) -> None:
        """Write to the collection beside the calls."""
        self._entries = database.beside("audit")

    async def add(self, who: str, action: str, call_id: str | None, trace_id: str, at: datetime) -> None:
        """Add an entry.

        Raises:
            MongoUnavailable: MongoDB did not answer; the entry may be there.
        """
        entry = {"who": who, "action": action, "call_id": call_id, "trace_id": trace_id, "at": at}
        try:
            await self._entries.insert_one(entry)
        except PyMongoError as error:
            raise unavailable(error) from None
