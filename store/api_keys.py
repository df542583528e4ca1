"""Keys of the API: what is known of each, and never its secret."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from store.database import Database
from store.errors import asked

_LIMIT_MS = 5000


class ApiKey(BaseModel):
    """One key."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Names the key, and stands in it."""
    secret_sha256: str = Field(exclude=True, repr=False)
    """SHA-256 of its secret, hexadecimal."""
    name: str
    """What it is for, as whoever made it says."""
    role: str
    rights: list[str] = Field(default_factory=list)
    """Rights besides those of the role."""
    queues: list[str] | None = None
    agents: list[str] | None = None
    metadata: dict[str, list[str]] = Field(default_factory=dict)
    """The scope; null and {} leave all calls in."""
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None = None
    """To the minute."""

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeyStore:
    """All keys. None is ever removed: a revoked one still tells that keys are asked for.

    Moments are kept as text, which nx-27017 makes of them anyway when a document is changed.
    """

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._keys = database.beside("keys")

    async def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        document = key.model_dump(mode="json", exclude={"id"}) | {"_id": key.id, "secret_sha256": key.secret_sha256}
        with asked():
            await self._keys.insert_one(document)

    async def find(self, key_id: str) -> ApiKey | None:
        """Return the key of an identifier.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            document = await self._keys.find_one({"_id": key_id}, max_time_ms=_LIMIT_MS)
        return None if document is None else _read(document)

    async def all(self) -> list[ApiKey]:
        """Return every key, oldest first.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = [_read(document) async for document in self._keys.find({}).max_time_ms(_LIMIT_MS)]
        return sorted(found, key=lambda key: key.created_at)

    async def is_empty(self) -> bool:
        """Tell whether there was never a key.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return await self._keys.find_one({}, max_time_ms=_LIMIT_MS) is None

    async def revoke(self, key_id: str, at: datetime) -> bool:
        """Have a key open nothing any more; tells whether there is such a key that was not revoked yet.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._set({"_id": key_id, "revoked_at": None}, {"revoked_at": at.isoformat()})

    async def used(self, key_id: str, at: datetime) -> None:
        """Note when a key was used.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        await self._set({"_id": key_id}, {"last_used_at": at.isoformat()})

    async def _set(self, which: dict[str, object], fields: dict[str, object]) -> bool:
        with asked():
            found = await self._keys.update_one(which, {"$set": fields})
        return found.matched_count == 1


def _read(document: dict[str, object]) -> ApiKey:
    return ApiKey.model_validate({"id": document["_id"], **document})
