"""The audit: who read, heard or changed what, and when. Only ever added to, until it is old."""

from datetime import datetime

from schemas import AuditEntry
from store.database import Database, as_text
from store.errors import asked

_LIMIT_MS = 5000


class AuditStore:
    """The entries of the audit, and which of them Kafka does not have yet.

    Moments are kept as text of one form, so that they can be compared: nx-27017 makes text of them anyway.
    """

    def __init__(self, database: Database) -> None:
        """Write to the collection beside the calls."""
        self._entries = database.beside("audit")

    async def add(self, entry: AuditEntry) -> None:
        """Add an entry that is still to be published.

        Raises:
            MongoUnavailable: MongoDB did not answer; the entry may be there.
        """
        document = entry.model_dump(mode="json", exclude={"entry_id"})
        document |= {"_id": entry.entry_id, "at": as_text(entry.at), "published": False}
        with asked():
            await self._entries.insert_one(document)

    async def unpublished(self, limit: int) -> list[AuditEntry]:
        """Return some entries that are still to be published.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = self._entries.find({"published": False}).limit(limit).max_time_ms(_LIMIT_MS)
            return [AuditEntry.model_validate({"entry_id": one["_id"], **one}) async for one in found]

    async def published(self, entries: list[AuditEntry]) -> None:
        """Note that Kafka has some entries.

        Raises:
            MongoUnavailable: MongoDB did not answer; they will be published again.
        """
        with asked():
            ids = [entry.entry_id for entry in entries]
            await self._entries.update_many({"_id": {"$in": ids}}, {"$set": {"published": True}})

    async def delete_before(self, moment: datetime) -> int:
        """Delete entries that are older than a moment and that Kafka has; returns how many.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            gone = await self._entries.delete_many({"at": {"$lt": as_text(moment)}, "published": True})
        return gone.deleted_count
