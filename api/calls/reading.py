"""Reading one call: its outcome, the revisions before it, and its transcript."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter

from api.access import Principal, Requires, Right
from api.calls.lookup import ended_or_under_way, visible_with
from api.calls.resource import RETRY_AFTER_S, Call, etag, shown
from api.services import Used
from schemas import CallOutcome, Turn

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["calls"])
_HISTORY = TypeAdapter(tuple[CallOutcome, ...])
_UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "It is still the revision that If-None-Match names."}
}


class Revisions(BaseModel):
    """What a call ended as, over time."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    call_id: str
    """The PBX's identifier of the call."""
    revisions: tuple[CallOutcome, ...]
    """All its outcomes, the oldest first; the last one holds."""


class Transcript(BaseModel):
    """What was said in a call."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    call_id: str
    """The PBX's identifier of the call."""
    revision: int
    """The outcome's revision at the time of reading."""
    language: str | None
    """Language of the transcript, as a BCP 47 tag; null where the call has none."""
    turns: tuple[Turn, ...]
    """What was said, turn by turn, personal data redacted; empty where the call was never transcribed."""
    turns_withheld: int
    """How many turns say only ``[withheld]``, because the redaction failed on them."""


@router.get("", response_model=Call, responses=_UNCHANGED)
async def get_call(
    call_id: str, request: Request, services: Used, who: Annotated[Principal, Depends(Requires(Right.VIEW))]
) -> Response:
    """Show a call: its newest outcome, or why it failed and what can be done about it, or where it is before it ends.

    The ETag is the revision: with ``If-None-Match: "r2"`` the answer is 304 while it is still the second. A call
    without an outcome has none, and ``Retry-After`` instead.
    """
    call = await ended_or_under_way(services, who, call_id)
    headers = {"Cache-Control": "private, no-cache"}
    if call.revision is None:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    else:
        headers["ETag"] = tag = etag(call.revision)
        if _names(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
    return Response(call.model_dump_json(), headers=headers, media_type="application/json")


@router.get("/revisions")
async def list_revisions(
    call_id: str, services: Used, who: Annotated[Principal, Depends(Requires(Right.VIEW))]
) -> Revisions:
    """Show all outcomes that a call has had: of repeated classifications, of corrected facts, of people's labels."""
    _, document = await visible_with(services, who, call_id, "history")
    entries = _HISTORY.validate_python(document["history"])
    theirs = tuple(shown(entry, who) for entry in entries if who.scope.allows(entry))
    return Revisions(call_id=call_id, revisions=theirs)


@router.get("/transcript")
async def read_transcript(
    call_id: str, request: Request, services: Used, who: Annotated[Principal, Depends(Requires(Right.VIEW))]
) -> Transcript:
    """Show what was said in a call. That it was read is noted in the audit."""
    outcome, document = await visible_with(services, who, call_id, "turns")
    await services.audit.record(who, "read_transcript", call_id, request)
    return Transcript(
        call_id=call_id,
        revision=outcome.revision,
        language=outcome.language,
        turns=document.get("turns", ()),
        turns_withheld=outcome.turns_withheld,
    )


def _names(condition: str, tag: str) -> bool:
    """Tell whether If-None-Match names a tag, compared weakly (RFC 9110, 13.1.2)."""
    named = {one.strip().removeprefix("W/") for one in condition.split(",")}
    return tag in named or "*" in named
