"""Endpoints that outcomes are posted to: where, which, signed with what, and how they fare."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas import CallOutcome
from store.database import Database, Document
from store.errors import asked

_LIMIT_MS = 5000
_TEXT = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_TEXTS = Annotated[tuple[_TEXT, ...], Field(max_length=50)]


class Filters(BaseModel):
    """Which outcomes are wanted: those that fit all of it. What is empty leaves none out."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    category: _TEXTS = Field(default=(), examples=[["unnecessary_call"]])
    """Codes of categories (GET /v1/taxonomy)."""
    sub_category: _TEXTS = ()
    """Codes of sub-categories."""
    queue: _TEXTS = ()
    """Queues that the call came through."""
    agent: _TEXTS = ()
    """Who answered, as the PBX names them."""
    state: Annotated[tuple[Literal["done", "failed", "unrecorded"], ...], Field(max_length=3)] = ()
    """done: calls with a category. failed: those that could not be processed. unrecorded: those without a recording."""
    source: Literal["human", "machine"] | None = None
    """Who decided the category."""
    confidence_from: float | None = Field(default=None, ge=0.0, le=1.0)
    """Calls whose classifier was at least so sure."""
    confidence_below: float | None = Field(default=None, ge=0.0, le=1.0)
    """Calls whose classifier was less sure."""

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        low, high = self.confidence_from, self.confidence_below
        if low is not None and high is not None and low >= high:
            raise ValueError("expected confidence_from below confidence_below")
        return self

    def fit(self, outcome: CallOutcome) -> bool:
        """Tell whether an outcome is wanted."""
        among = (
            (self.category, outcome.category),
            (self.sub_category, outcome.sub_category),
            (self.queue, outcome.queue),
            (self.agent, outcome.agent_id),
            (self.state, outcome.state),
            (() if self.source is None else (self.source,), outcome.source),
        )
        if not all(found in wanted for wanted, found in among if wanted):
            return False
        sure = outcome.confidence
        low, high = self.confidence_from, self.confidence_below
        return (low is None or (sure is not None and sure >= low)) and (
            high is None or (sure is not None and sure < high)
        )


class Secret(BaseModel):
    """What deliveries are signed with."""

    model_config = ConfigDict(frozen=True)

    value: str = Field(repr=False)
    """``whsec_`` and base64."""
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    """Until when it signs beside the one that replaced it; None: it is the newest."""


class SwitchedOff(BaseModel):
    """That callsift itself posts nothing more to an endpoint."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    at: AwareDatetime
    """Since when."""
    reason: Literal["gone", "failing"]
    """gone: it answered 410. failing: it took nothing for as long as a delivery is tried."""


class Endpoint(BaseModel):
    """One of them."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Later ones sort after earlier ones."""
    url: str = Field(repr=False)
    """Where deliveries are posted; it may hold a token."""
    description: str = ""
    enabled: bool = True
    filters: Filters = Filters()
    include_transcript: bool = False
    scope: str = "{}"
    """The calls that it may be told of, as a query of the store in JSON: those that whoever made it may see."""
    by: str
    """Who made it."""
    secrets: tuple[Secret, ...] = Field(repr=False)
    """The newest first."""
    rotations: int = 0
    """Counts the secrets that took the place of another: of two who rotate at once one does."""
    created_at: AwareDatetime
    failing_since: AwareDatetime | None = None
    """Since when nothing was taken, although something was posted; None: what was posted last was taken."""
    off: SwitchedOff | None = None
    replay_since: AwareDatetime | None = None
    """What was published since is to be queued once more; None: nothing is."""
    replay_delivered: bool = False
    """Whether that is so of what was delivered, too."""

    @property
    def is_on(self) -> bool:
        """Whether anything is posted."""
        return self.enabled and self.off is None

    @property
    def sees_everything(self) -> bool:
        """Whether it may be told of every call."""
        return self.scope == "{}"

    def signing(self, now: datetime) -> list[str]:
        """Return the secrets that sign at a moment, the newest first."""
        return [secret.value for secret in self.secrets if secret.expires_at is None or now < secret.expires_at]


class EndpointStore:
    """All endpoints. Moments are kept as text, as those of keys are."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._endpoints = database.beside("webhook_endpoints")

    async def add(self, endpoint: Endpoint) -> None:
        """Keep a new endpoint.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        document = endpoint.model_dump(mode="json", exclude={"id"}) | {"_id": endpoint.id}
        with asked():
            await self._endpoints.insert_one(document)

    async def find(self, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint of an identifier.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            found = await self._endpoints.find_one({"_id": endpoint_id}, max_time_ms=_LIMIT_MS)
        return None if found is None else _read(found)

    async def all(self) -> list[Endpoint]:
        """Return every endpoint, oldest first.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with asked():
            return [_read(one) async for one in self._endpoints.find({}).sort("_id", 1).max_time_ms(_LIMIT_MS)]

    async def change(self, endpoint_id: str, fields: Mapping[str, Any], only: Mapping[str, Any] | None = None) -> bool:
        """Set fields, in the form of JSON, where those of ``only`` are as they say; tells whether that was so.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be done.
        """
        with asked():
            found = await self._endpoints.update_one({"_id": endpoint_id, **(only or {})}, {"$set": dict(fields)})
        return found.matched_count == 1

    async def remove(self, endpoint_id: str) -> bool:
        """Remove an endpoint; tells whether it was there.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be done.
        """
        with asked():
            return (await self._endpoints.delete_one({"_id": endpoint_id})).deleted_count == 1


def _read(document: Document) -> Endpoint:
    return Endpoint.model_validate({"id": document["_id"], **document})
