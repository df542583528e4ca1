"""Facts: what became of a call."""

import hashlib
import math
import re
from typing import Annotated, Any, Self
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from api.access import Principal, Requires, Right
from api.calls.annotating import publish
from api.calls.lookup import visible
from api.calls.resource import Call, etag
from api.idempotency import answered_once, sent_key
from api.problems import PlaceOfError, Problem
from api.services import Used
from schemas import LARGEST_FACT
from store.idempotency import IdempotencyStore, Origin

router = APIRouter(prefix="/v1/calls/{call_id}/facts", tags=["labels"])
_NAME = re.compile("[A-Za-z][A-Za-z0-9_-]{0,49}")
_MOST_NAMES, _LONGEST_TEXT = 50, 200
_RETRY_AFTER_S = 2


class NewFacts(BaseModel):
    """Facts as they are told: these, and any others under names of your own.

    A name has letters from A to Z and a to z, digits, _ and -, 50 at the most; a fact is a text of 200 characters at
    the most, a number, true or false. null takes back what was said.
    """

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        extra="allow",
        hide_input_in_errors=True,
    )

    job_booked: StrictBool | None = None
    """Whether a job followed; null: nobody knows."""
    value: float | None = Field(default=None, allow_inf_nan=False, gt=-LARGEST_FACT, lt=LARGEST_FACT)
    """What it was worth, in units of ``currency``; null: nobody knows."""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """Currency of the value, as ISO 4217 names it."""

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected a fact")
        if (self.value is None) != (self.currency is None):
            raise ValueError("a value and its currency go together")
        for name, fact in (self.model_extra or {}).items():
            if not _NAME.fullmatch(name):
                raise ValueError("a name has letters from A to Z and a to z, digits, _ and -, 50 at the most")
            if not _is_plain(fact):
                raise ValueError("a fact is a text of 200 characters at the most, a number, true, false or null")
        return self

    def facts(self) -> dict[str, Any]:
        """Return what is told, by name; a value never goes without its currency."""
        told = set(self.model_fields_set)
        if told & {"value", "currency"}:
            told |= {"value", "currency"}
        return {name: getattr(self, name) for name in sorted(told)}


@router.post("", status_code=202, response_model=Call)
async def tell_facts(
    call_id: str,
    body: NewFacts,
    request: Request,
    services: Used,
    who: Annotated[Principal, Depends(Requires(Right.REVIEW))],
) -> JSONResponse:
    """Say what became of a call. It is merged name by name with what was said before, in the call's next revision.

    Of two that tell the same fact the later one holds, in whatever order they are worked on. The answer comes when the
    brokers have it; the call shows it soon after. With an ``Idempotency-Key`` a repetition makes no further revision.
    """
    outcome = await visible(services, who, call_id)
    facts = body.facts()
    if len(facts.keys() | outcome.facts_at.keys()) > _MOST_NAMES:
        wrong = PlaceOfError(pointer="#", detail=f"at most {_MOST_NAMES} names in all")
        raise Problem("invalid-request", "The call has too many facts", errors=[wrong])
    key = sent_key(request)
    fingerprint = hashlib.sha256(f"{call_id}\0{body.model_dump_json()}".encode()).hexdigest()

    async def told(origin: Origin) -> JSONResponse:
        await services.audit.record(who, "told_facts", call_id, request)
        await publish(services, who, outcome, origin, facts=facts)
        return JSONResponse({"facts_id": origin.id})

    await answered_once(IdempotencyStore(services.database), who, key, fingerprint, told)
    location, tag = f"/v1/calls/{quote(call_id, safe='')}", etag(outcome.revision)
    headers = {"Location": location, "ETag": tag, "Retry-After": str(_RETRY_AFTER_S)}
    return JSONResponse(Call.of(outcome, who).model_dump(mode="json"), 202, headers)


def _is_plain(fact: object) -> bool:
    if isinstance(fact, str):
        return len(fact) <= _LONGEST_TEXT and "\0" not in fact
    if isinstance(fact, int | float):
        return math.isfinite(fact) and abs(fact) < LARGEST_FACT
    return fact is None
