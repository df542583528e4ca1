"""Sessions of browsers: with which key, or as whom, somebody came, and until when that holds. Never their cookie."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from store.database import Database, as_text
from store.errors import asked

_LIMIT_MS = 5000


class Person(BaseModel):
    """Somebody whom an issuer named, with what they were allowed when they signed in."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Whom the audit names."""
    issuer: str
    """Who said so."""
    rights: tuple[str, ...]
    queues: tuple[str, ...] | None
    """Whose calls they may see; None: of all queues."""
    agents: tuple[str, ...] | None
    """None: of all agents."""


class Session(BaseModel):
    """One session."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    digest: str = Field(alias="_id")
    """SHA-256 of the session's identifier, hexadecimal."""
    key_id: str | None = None
    """The API key that it was begun with; None: with none."""
    person: Person | None = None
    """Who began it at an issuer; None: nobody."""
    expires_at: AwareDatetime
    """When it ends by itself."""


class SessionStore:
    """All sessions. Moments are kept as text, whose order is theirs: all are UTC."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._sessions = database.beside("sessions")

    async def add(self, session: Session, now: datetime) -> None:
        """Keep a new session, and remove those that have ended.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            await self._sessions.delete_many({"expires_at": {"$lt": as_text(now)}})
            document = session.model_dump(by_alias=True) | {"expires_at": as_text(session.expires_at)}
            await self._sessions.insert_one(document)

    async def find(self, digest: str) -> Session | None:
        """Return a session.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            document = await self._sessions.find_one({"_id": digest}, max_time_ms=_LIMIT_MS)
        return None if document is None else Session.model_validate(document)

    async def remove(self, digest: str) -> None:
        """Have a session hold no longer.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            await self._sessions.delete_one({"_id": digest})
