"""Holds: calls that may neither be erased nor grow too old, as `callsift hold` makes them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Principal, Requires, Right
from api.calls.lookup import visible, visible_with
from api.problems import Problem
from api.services import Services, Used
from store.forgetting import ForgettingStore

router = APIRouter(prefix="/v1/calls/{call_id}/hold", tags=["erasures"])
Administrator = Annotated[Principal, Depends(Requires(Right.ADMINISTER))]


class HoldRequest(BaseModel):
    """Why a call may not be erased."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    reason: str = Field(min_length=1, max_length=500, examples=["court order 7/2026"])
    """What for; whoever may erase reads it."""


class Hold(HoldRequest):
    """That a call may not be erased."""

    by: str
    """Who put it on hold."""
    since: AwareDatetime
    """Since when."""


@router.put("")
async def hold_call(call_id: str, body: HoldRequest, who: Administrator, services: Used, request: Request) -> Hold:
    """Put a call on hold: nothing erases it, and its document does not grow too old. A hold replaces the one before."""
    await visible(services, who, call_id)
    await services.audit.record(who, "held", call_id, request)
    since = datetime.now(UTC)
    if not await ForgettingStore(services.database).hold(call_id, body.reason, who.name, since):
        raise Problem("not-found", "The call was erased a moment ago")
    return await _hold(services, who, call_id)


@router.get("")
async def get_hold(call_id: str, who: Administrator, services: Used) -> Hold:
    """Show why a call is on hold; 404 where it is not."""
    return await _hold(services, who, call_id)


@router.delete("", status_code=204)
async def release_call(call_id: str, who: Administrator, services: Used, request: Request) -> None:
    """End a hold; a call that is not on hold stays so."""
    await visible(services, who, call_id)
    await services.audit.record(who, "released", call_id, request)
    await ForgettingStore(services.database).release(call_id)


async def _hold(services: Services, who: Principal, call_id: str) -> Hold:
    _, document = await visible_with(services, who, call_id, "hold")
    if document.get("hold") is None:
        raise Problem("not-found", "The call is not on hold")
    return Hold.model_validate(document["hold"])
