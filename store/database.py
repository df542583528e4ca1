"""The connection to MongoDB that everything in this room shares.

It uses the API that motor shares with PyMongo's own asynchronous client, so that the move is one import
(docs/decisions/0005), and nothing that MongoDB-compatible servers answer differently.
"""

from datetime import UTC, datetime
from typing import Any, TypeAlias

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo.errors import PyMongoError

from store.durations import CommandDurations
from store.errors import asked
from store.settings import DATABASE, StoreSettings
from streams.errors import SettingsError

Document = dict[str, Any]
Collection: TypeAlias = AsyncIOMotorCollection[Document]
_OF_MONGODB = {"admin", "config", "local"}


class Database:
    """The database that the settings name."""

    def __init__(self, settings: StoreSettings, answer_limit_s: float | None = None) -> None:
        """Make the client; it connects with the first operation.

        Args:
            settings: Which store.
            answer_limit_s: Seconds to wait for an answer, where that takes longer than ``settings`` say.

        Raises:
            SettingsError: The address is none, or names a database of MongoDB's own.
        """
        milliseconds = round(settings.timeout_s * 1000)
        try:
            self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                settings.uri.get_secret_value(),
                serverSelectionTimeoutMS=milliseconds,
                socketTimeoutMS=round((answer_limit_s or settings.timeout_s) * 1000),
                connectTimeoutMS=milliseconds,
                tz_aware=True,
                event_listeners=[CommandDurations()],
            )
        except (PyMongoError, ValueError):
            raise SettingsError(
                "CALLSIFT_MONGO_URI is no address of MongoDB",
                "Write mongodb://host:port, with user and password quoted",
            ) from None  # its text may hold the password
        self._database = self._client.get_default_database(DATABASE)
        if self._database.name in _OF_MONGODB:
            raise SettingsError(
                f"CALLSIFT_MONGO_URI names the database {self._database.name}, which is MongoDB's own",
                f"Name another; for a user that is known there write /{DATABASE}?authSource={self._database.name}",
            )
        self._prefix = settings.collection
        self.search_limit_ms = max(1, milliseconds * 9 // 10)
        """Milliseconds after which the server gives up a search, just before nobody waits for it any longer."""

    @property
    def calls(self) -> Collection:
        """The collection with one document per call."""
        return self._database[self._prefix]

    def beside(self, name: str) -> Collection:
        """Return the collection with something about calls: ``calls_labels`` beside ``calls``."""
        return self._database[f"{self._prefix}_{name}"]  # nx-27017 takes no dot in a name

    async def clock(self) -> datetime | None:
        """Return what the server's clock shows; None: it does not say.

        Raises:
            MongoUnavailable: MongoDB did not answer, or refused.
        """
        with asked():
            told = (await self._database.command("hello")).get("localTime")
        return told.replace(tzinfo=UTC) if isinstance(told, datetime) else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def as_ms(moment: datetime) -> int:
    """Return a moment in milliseconds since 1970, for what is changed or compared.

    nx-27017 does not find a date that equals the bound that it is asked for, and makes text of one that is ``$set``.
    """
    return round(moment.timestamp() * 1000)


def as_text(moment: datetime) -> str:
    """Return a moment as text that sorts as moments do, for what is only compared with others of this form."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(found: datetime | str) -> datetime:
    """Return a moment as it was written: nx-27017 makes text without an offset of one that replaces another."""
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found


def part(document: Document, path: str) -> Any:
    """Return what lies at a path of a document that was asked for by paths; None where there is nothing.

    nx-27017 gives such a part under the path itself as its name, others within the parts that it lies in.
    """
    if path in document:
        return document[path]
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
