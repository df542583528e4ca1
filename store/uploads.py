"""Uploads that are on their way: what lies in the audio store, and is not known to be on Kafka."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Database
from store.errors import asked


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
            await self._uploads.insert_one(entry)

    async def finished(self, upload: Upload) -> None:
        """Forget an upload: its event is confirmed, or its files are gone.

        Raises:
            MongoUnavailable: MongoDB did not answer; it is looked at again later.
        """
        with asked():
            await self._uploads.delete_one({"_id": upload.upload_id})

    async def begun_before(self, moment: datetime) -> list[Upload]:
        """Return uploads that have not been finished for long: whoever worked on them has died.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = [one async for one in self._uploads.find({"begun_at": {"$lt": moment}}).limit(100)]
        return [Upload(str(one["_id"]), str(one["call_id"]), tuple(one["names"])) for one in found]
