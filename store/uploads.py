"""Uploads that are on their way: what lies in the audio store, and is not known to be on Kafka."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store.database import Database, Document, as_ms
from store.errors import asked

LEASE = timedelta(minutes=15)
"""An upload of which nothing was heard for so long has been abandoned: whoever worked on it has died."""
_CONDEMNED = 0
"""Stands for the lease of an upload that is being removed: it is not to be finished any more."""


@dataclass(frozen=True)
class Upload:
    """Recordings that were put into the audio store for a call."""

    upload_id: str
    call_id: str
    names: tuple[str, ...]
    """Where they lie in the audio store."""


class UploadStore:
    """The uploads that nobody has finished."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._uploads = database.beside("uploads")

    async def begin(self, upload: Upload, now: datetime) -> None:
        """Remember an upload before anything of it is stored.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        entry = {"_id": upload.upload_id, "call_id": upload.call_id, "names": list(upload.names), "begun_at": now}
        with asked():
            await self._uploads.insert_one(entry | {"leased_until": as_ms(now + LEASE)})

    async def hold(self, upload: Upload, until: datetime) -> bool:
        """Say until when an upload is worked on, and LEASE longer; tell whether it may be: not once it was condemned.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._lease(upload, {"$gt": _CONDEMNED}, as_ms(until + LEASE))

    async def finished(self, upload: Upload) -> None:
        """Forget an upload: its event is confirmed, or its files are gone.

        Raises:
            MongoUnavailable: MongoDB did not answer; it is looked at again later.
        """
        with asked():
            await self._uploads.delete_one({"_id": upload.upload_id})

    async def condemn_abandoned(self, now: datetime) -> list[Upload]:
        """Return uploads that nobody holds any more, and from now on nobody can; some of them, where they are many.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be condemned, and are returned the next time.
        """
        with asked():
            found = await self._uploads.find({"leased_until": {"$lt": as_ms(now)}}).limit(100).to_list(100)
        uploads = [(Upload(str(one["_id"]), str(one["call_id"]), tuple(one["names"])), one) for one in found]
        return [upload for upload, one in uploads if await self._lease(upload, one["leased_until"], _CONDEMNED)]

    async def _lease(self, upload: Upload, guard: Document | int, until: int) -> bool:
        change = {"$set": {"leased_until": until}}
        with asked():
            result = await self._uploads.update_one({"_id": upload.upload_id, "leased_until": guard}, change)
        return bool(result.matched_count)
