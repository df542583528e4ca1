"""``/v1/operations``: long work, how far it is, and its end."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from api.access import Principal, Requires, Right
from api.operations.resource import LongWork, kinds_of, operation_of, sees_all
from api.page_tokens import LARGEST_PAGE
from api.services import Used
from store.operations import OperationStore

router = APIRouter(prefix="/v1", tags=["operations"])
_QUESTION = "operations"
Viewer = Annotated[Principal, Depends(Requires(Right.VIEW))]


class OperationPage(BaseModel):
    """Operations, newest first."""

    operations: list[LongWork]
    next_page_token: str = Field("", description="Where the next page begins; empty on the last one.")


@router.get("/operations")
async def list_operations(
    who: Viewer,
    services: Used,
    page_size: Annotated[
        int | None, Query(ge=0, description="Operations at the most; a larger one is lowered.")
    ] = None,
    page_token: Annotated[str | None, Query(description="The next_page_token of the page before.")] = None,
) -> OperationPage:
    """List long work: your own, or everybody's if you operate and see every call. Kept for 90 days after its end."""
    tokens = await services.page_tokens.ready(services.database)
    before = tokens.read(page_token, who, _QUESTION) if page_token else None
    size = min(page_size or services.settings.page_size, LARGEST_PAGE)
    whose = None if sees_all(who) else who.name
    found = await OperationStore(services.database).newest(kinds_of(who), whose, before, size + 1)
    following = tokens.made(found[size - 1].id, who, _QUESTION) if len(found) > size else ""
    return OperationPage(operations=[LongWork.of(one) for one in found[:size]], next_page_token=following)


@router.get("/operations/{operation_id}")
async def get_operation(operation_id: str, who: Viewer, services: Used) -> LongWork:
    """Show how far long work is, or what came of it."""
    return LongWork.of(await operation_of(services, who, operation_id))


@router.post("/operations/{operation_id}:cancel")
async def cancel_operation(operation_id: str, who: Viewer, services: Used, request: Request) -> LongWork:
    """Ask that long work be ended early. What was done stays done; an erasure that has begun to remove goes on."""
    operation = await operation_of(services, who, operation_id)
    if operation.done:
        return LongWork.of(operation)
    await services.audit.record(who, "cancelled", None, request)
    cancelled = await OperationStore(services.database).cancel(operation.id, datetime.now(UTC))
    return LongWork.of(cancelled or operation)
