"""Classifying again: one call at once, or many as an operation."""

import asyncio
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from api.access import Principal, Requires, Right
from api.calls.lookup import visible_with
from api.calls.resource import Call, address_of
from api.operations.resource import LongWork, begin, require_everywhere
from api.problems import Problem
from api.services import Used
from schemas import Taxonomies, Turn
from store.revisions import transcript
from streams.kafka import produce
from streams.payloads import ClaimedTurns
from streams.topics import REPROCESS

router = APIRouter(prefix="/v1", tags=["operations"])
Operator = Annotated[Principal, Depends(Requires(Right.OPERATE))]
_TURNS = TypeAdapter(tuple[Turn, ...])


class Reprocessing(BaseModel):
    """Which calls are classified again: those that fit all that is given and are not up to date."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    since: AwareDatetime | None = None
    """Calls that ended then or later."""
    until: AwareDatetime | None = None
    """Calls that ended earlier."""
    category: str | None = Field(default=None, examples=["unnecessary_call"])
    """Calls with this category or sub-category now, by code."""
    provisional: bool = False
    """Only calls that were decided offline while the hosted model was away."""
    supersede_labels: bool = False
    """Let the answer replace the labels that people have given; otherwise it stands beside them."""
    dry_run: bool = False
    """Only say how many there are, and what they would cost."""

    @field_validator("category")
    @classmethod
    def _is_known(cls, code: str | None) -> str | None:
        if code is not None and code not in (known := Taxonomies.load().codes):
            raise ValueError(f"expected one of {', '.join(known)}")
        return code

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("expected since before until")
        return self


@router.post("/calls/{call_id}:reprocess", status_code=202)
async def reprocess_call(
    call_id: str,
    who: Operator,
    services: Used,
    request: Request,
    response: Response,
    supersede_label: Annotated[
        bool, Query(description="Let the answer replace the label that a person has given.")
    ] = False,
) -> Call:
    """Classify a call again with today's taxonomy, prompt and model. What comes of it is its next revision.

    A person's label stays the call's category, and the answer stands beside it, unless it is superseded.
    """
    outcome, document = await visible_with(services, who, call_id, "turns")
    found = transcript(outcome, _TURNS.validate_python(document.get("turns", ())))
    if found is None:
        raise Problem(
            "conflict",
            "The call has no transcript that could be classified",
            cure="It has no recording, so that there is nothing to classify"
            if outcome.state == "unrecorded"
            else "It failed before: look at its dead letter, and replay that",
        )
    await services.audit.record(who, "reprocessed", call_id, request)
    turns = ClaimedTurns(services.audio, services.payloads.message_limit_kb * 1024)
    superseded = outcome.label.label_id if outcome.label and supersede_label else None
    encoded = await turns.encode(found.model_copy(update={"supersedes_label": superseded}))
    await asyncio.to_thread(produce, services.kafka, REPROCESS.name, [(call_id, encoded.value)])
    response.headers["Location"] = address_of(call_id)
    response.headers["Retry-After"] = "2"
    return Call.of(outcome, who)


@router.post("/calls:reprocess", status_code=202)
async def reprocess_calls(
    body: Reprocessing, who: Operator, services: Used, request: Request, response: Response
) -> LongWork:
    """Classify many calls again, in a lane that delays no live call. The cost is in the metadata before any is sent."""
    require_everywhere(who)
    await services.audit.record(who, "reprocessed", None, request)
    category = None if body.category is None else list(Taxonomies.load().codes[body.category])
    asked = {**body.model_dump(exclude={"category"}), "category": category}
    return await begin(services, who, "reprocess", asked, response)
