"""Erasing: ``DELETE /v1/calls/{id}``, and ``POST /v1/erasures`` for calls or for a caller."""

import asyncio
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from api.access import Principal, Requires, Right
from api.calls.lookup import require_unchanged, visible
from api.operations.resource import LongWork, begin
from api.problems import PlaceOfError, Problem
from api.services import Services, Used
from store.forgetting import ForgettingStore
from store.scope import calls_within
from streams.callers import CallerSearch, caller_search
from streams.retention import waiting_of
from streams.settings import PrivacySettings

router = APIRouter(prefix="/v1", tags=["erasures"])
Administrator = Annotated[Principal, Depends(Requires(Right.ADMINISTER))]
_MOST_CALLS = 1000


class Erasure(BaseModel):
    """What is to be erased: calls, or all calls of a caller."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True)

    call_ids: list[str] | None = Field(default=None, min_length=1, max_length=_MOST_CALLS, examples=[["call-1"]])
    """The calls, by identifier. A call that has no outcome yet may be named by whoever may see every call."""
    caller: SecretStr | None = None
    """The caller's telephone number, in any way of writing it. It is looked up at once, and not kept."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.call_ids is None) == (self.caller is None):
            raise ValueError("expected either call_ids or caller")
        return self


@router.delete("/calls/{call_id}", status_code=202)
async def delete_call(
    call_id: str,
    who: Administrator,
    services: Used,
    request: Request,
    response: Response,
    if_match: Annotated[str | None, Header(description="Erase it only if this is still its ETag.")] = None,
) -> LongWork:
    """Erase all that callsift has of a call. The operation's response is the certificate."""
    outcome = await visible(services, who, call_id)
    if if_match is not None:
        require_unchanged(outcome, if_match)
    return await _begin(services, who, [call_id], None, request, response)


@router.post("/erasures", status_code=202)
async def erase_calls(
    body: Erasure, who: Administrator, services: Used, request: Request, response: Response
) -> LongWork:
    """Erase calls, or all calls of a caller that you may see. The operation's response is the certificate."""
    if body.caller is not None:
        search = _search(body.caller.get_secret_value(), services.privacy)
        found = await _calls_of(services, who, search)
        if len(found) > _MOST_CALLS:
            raise Problem(
                "conflict",
                f"The caller has {len(found)} calls, and one erasure takes {_MOST_CALLS}",
                cure="`callsift forget --caller` takes any number",
            )
        return await _begin(services, who, found, search.hashed[0] if search.hashed else None, request, response)
    call_ids = sorted(set(body.call_ids or ()))
    if not who.scope.is_everywhere:
        missing = set(call_ids) - await calls_within(services.database, call_ids, who.scope.query())
        if missing:
            raise Problem("not-found", f"{len(missing)} of the calls are none that you may see")
    return await _begin(services, who, call_ids, None, request, response)


async def _begin(
    services: Services, who: Principal, call_ids: list[str], caller: str | None, request: Request, response: Response
) -> LongWork:
    known = await ForgettingStore(services.database).known(call_ids)
    held = sorted(call.call_id for call in known.values() if call.hold is not None)
    if held:
        raise Problem(
            "conflict",
            f"On hold: {', '.join(held)}; nothing is erased",
            cure="Ask why with GET /v1/calls/{call_id}/hold, end it with DELETE; or name the other calls",
        )
    nobodys: list[str | None] = [None]
    for call_id in call_ids or nobodys:
        await services.audit.record(who, "erased", call_id, request)
    return await begin(services, who, "erasure", {"call_ids": call_ids, "caller": caller}, response)


def _search(number: str, privacy: PrivacySettings) -> CallerSearch:
    try:
        return caller_search(number, privacy)
    except ValueError as error:
        wrong = PlaceOfError(pointer="#/caller", detail=str(error))
        raise Problem("invalid-request", "The caller is no telephone number", errors=[wrong]) from None


async def _calls_of(services: Services, who: Principal, search: CallerSearch) -> list[str]:
    """Return a caller's calls; those that have no outcome yet only for whoever may see every call."""
    stored = await ForgettingStore(services.database).calls_of(search.written, search.hashed)
    if not who.scope.is_everywhere:
        return sorted(await calls_within(services.database, stored, who.scope.query()))

    def in_work() -> set[str]:
        return {one.call_id for one in waiting_of(services.kafka, lambda _, caller: search.finds(caller))}

    return sorted({*stored, *await asyncio.to_thread(in_work)})
