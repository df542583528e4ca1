"""An operation as the API shows it (AIP-151), and who may see which."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.access import Principal, Right
from api.problems import Problem
from api.services import Services
from store.operations import Kind, Operation, OperationStore, State

NEEDED: dict[Kind, Right] = {
    "erasure": Right.ADMINISTER,
    "reprocess": Right.OPERATE,
    "replay": Right.OPERATE,
    "export": Right.VIEW,
}
"""The right that asks for each kind of operation, sees it and cancels it."""


class Metadata(BaseModel):
    """What an operation is, and how far."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: Kind
    """erasure, reprocess, replay of dead letters, or export."""
    state: State
    """waiting: nobody has begun. working. succeeded, failed, cancelled: it has ended."""
    who: str
    """Who asked for it."""
    created_at: datetime
    """When it was asked for."""
    ended_at: datetime | None = None
    """When it ended; null until then."""
    cancel_requested: bool = False
    """Whether somebody asked that it be ended early."""
    progress: dict[str, JsonValue] = Field(default_factory=dict)
    """How far it is, in figures that its kind has: ``calls``, ``published``, ``cost``, ``replayed`` …"""


class OperationError(BaseModel):
    """Why an operation failed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    """The kind of failure, for programs."""
    message: str
    """What was expected, and what was found."""
    cure: str
    """What can be done about it."""


class LongWork(BaseModel):
    """An operation: long work, whose end is asked for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str = Field(examples=["operations/019aa0c1f2b38c1d2e3f40516273"])
    """Its address is ``/v1/`` and this."""
    done: bool
    """Whether it has ended; then it has a response or an error."""
    metadata: Metadata
    """What it is, and how far."""
    response: dict[str, JsonValue] | None = None
    """What came of it: the certificate of an erasure, the figures of others. The file of an export is at
    ``/v1/operations/{operation_id}/result``."""
    error: OperationError | None = None
    """Why nothing, or not all, came of it."""

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """Show an operation."""
        error: Any = operation.error
        if operation.state == "cancelled":
            error = {"code": "cancelled", "message": "It was cancelled", "cure": "Ask again for what is left"}
        return cls(
            name=f"operations/{operation.id}",
            done=operation.done,
            metadata=Metadata(
                kind=operation.kind,
                state=operation.state,
                who=operation.who,
                created_at=operation.created_at,
                ended_at=operation.ended_at,
                cancel_requested=operation.cancel_requested,
                progress=dict(operation.progress or {}),
            ),
            response=operation.response,
            error=error,
        )


async def begin(
    services: Services, who: Principal, kind: Kind, asked: Mapping[str, Any], response: Response
) -> LongWork:
    """Ask for long work, and answer that it was taken: where it is, and when to look.

    Raises:
        MongoUnavailable: The store did not answer; the operation may be there.
    """
    operation = await OperationStore(services.database).add(kind, asked, who.name, datetime.now(UTC))
    response.headers["Location"] = f"/v1/operations/{operation.id}"
    response.headers["Retry-After"] = "2"
    return LongWork.of(operation)


def kinds_of(who: Principal) -> set[Kind]:
    """Return the kinds of operations that somebody may see."""
    return {kind for kind, right in NEEDED.items() if who.may(right)}


async def operation_of(services: Services, who: Principal, operation_id: str) -> Operation:
    """Return an operation that somebody may see.

    Raises:
        Problem: not-found: there is none, or it is not theirs.
        MongoUnavailable: The store did not answer.
    """
    found = await OperationStore(services.database).find(operation_id)
    if found is not None and found.kind in kinds_of(who) and (sees_all(who) or found.who == who.name):
        return found
    raise Problem("not-found", f"There is no operation {operation_id[:80]!r} that you may see")


def sees_all(who: Principal) -> bool:
    """Tell whether somebody sees what others asked for, of the kinds that they may see at all."""
    return who.scope.is_everywhere and who.may(Right.OPERATE)


def require_everywhere(who: Principal) -> None:
    """Refuse what touches calls that are not looked at one by one to whoever may not see all of them.

    Raises:
        Problem: forbidden.
    """
    if not who.scope.is_everywhere:
        raise Problem("forbidden", "This touches calls beyond your scope", cure="Name the calls one by one")
