"""Hearing a call, and seeing its waveform."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.access import Principal, Requires, Right
from api.calls.lookup import visible
from api.problems import PlaceOfError, Problem
from api.recordings.peaks import as_json
from api.recordings.ranges import NoSuchBytes, Span, asked_span
from api.recordings.sounds import PARTS, Part, Stored
from api.services import Services, Used
from schemas import CallOutcome

router = APIRouter(prefix="/v1", tags=["recordings"])

Listener = Annotated[Principal, Depends(Requires(Right.LISTEN))]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_TYPES = {
    ".webm": "audio/webm; codecs=opus",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".dat": "application/octet-stream",
}
_UNKNOWN = "application/octet-stream"


@router.get(
    "/calls/{call_id}/recording",
    response_class=Response,
    responses={
        200: {"description": "All of it.", "content": {"audio/webm": _BYTES, _UNKNOWN: _BYTES}},
        206: {"description": "The range.", "content": {"audio/webm": _BYTES, _UNKNOWN: _BYTES}},
    },
)
@router.head("/calls/{call_id}/recording", include_in_schema=False)
async def get_recording(
    call_id: str,
    who: Listener,
    services: Used,
    request: Request,
    form: Annotated[
        Literal["playable", "original"], Query(description="As browsers play it, or as it was handed in.")
    ] = "playable",
    part: Annotated[
        Part | None, Query(description="With form=original: whose file, of a call that was handed in as two.")
    ] = None,
    asked: Annotated[str | None, Header(alias="Range", description="Which bytes, such as bytes=0-65535.")] = None,
    if_range: Annotated[str | None, Header(description="Only if this is still its ETag; else all of it.")] = None,
) -> Response:
    """Hear a call, whole or in ranges (RFC 9110).

    ``playable`` is Opus in WebM, the customer on the left and the agent on the right; where the recording does not keep
    them apart, it has one channel. It is made the first time that it is wanted. ``original`` is what was handed in, if
    callsift itself keeps it; of two files the one that ``part`` names. ``Sunset`` says until when the sound is kept at
    least.
    """
    outcome = await visible(services, who, call_id)
    source = await _original(services, call_id, part) if form == "original" else await _prepared(services, outcome)
    stored = source if form == "original" else await services.sounds.copy(source)
    try:
        span = asked_span(asked, if_range, stored.etag, stored.size_bytes)
    except NoSuchBytes:
        bounds = {"Accept-Ranges": "bytes", "Content-Range": f"bytes */{stored.size_bytes}"}
        raise Problem(
            "range-not-satisfiable", f"There are {stored.size_bytes} bytes, counted from 0", headers=bounds
        ) from None
    headers = _headers(stored, call_id, attachment=form == "original") | {"Accept-Ranges": "bytes"}
    headers |= _sunset(services, source)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{stored.size_bytes}"
    wanted = span or Span(0, stored.size_bytes)
    headers["Content-Length"] = str(wanted.size_bytes)
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    listening = (who.name, call_id, form)
    if services.heard.is_new(*listening):
        await services.audit.record(who, "listened", call_id, request)
        services.heard.begin(*listening)
    return StreamingResponse(await _begun(services.sounds.stream(stored, wanted)), status, headers)


@router.get(
    "/calls/{call_id}/recording/peaks",
    response_class=Response,
    responses={
        200: {
            "description": "The peaks.",
            "content": {"application/json": {"schema": {"type": "object"}}, _UNKNOWN: _BYTES},
        }
    },
)
async def get_peaks(
    call_id: str,
    who: Listener,
    services: Used,
    form: Annotated[Literal["json", "dat"], Query(description="JSON, or audiowaveform's binary form.")] = "json",
) -> Response:
    """See the waveform of a call: 20 pairs of minimum and maximum a second for each channel, the customer's first.

    The format is audiowaveform's, version 2, which players such as Peaks.js read: JSON, or its binary form.
    """
    stored = await services.sounds.peaks(await _prepared(services, await visible(services, who, call_id)))
    if stored is None:
        raise Problem(
            "not-found",
            "This call has a recording and no peaks: its audio was prepared before callsift made any",
            cure="Hand the call in again while its recording is there, or make them from the recording",
        )
    content = await services.sounds.read(stored, Span(0, stored.size_bytes))
    headers = _headers(stored, call_id, attachment=False) | _sunset(services, stored)
    if form == "json":
        content = await asyncio.to_thread(as_json, content)
        headers |= {"Content-Type": "application/json", "ETag": f'{stored.etag[:-1]}-json"'}
        del headers["Content-Disposition"]
    return Response(content, headers=headers)


async def _prepared(services: Services, outcome: CallOutcome) -> Stored:
    if (prepared := await services.sounds.prepared(outcome.call_id)) is not None:
        return prepared
    if outcome.recording_facts is None:
        raise Problem("not-found", "This call has no sound: its recording could not be prepared")
    days = services.retention.audio_store_days
    raise Problem(
        "gone",
        f"The sound of this call is not kept any more; the audio store keeps it for {days:g} days"
        if days
        else "The sound of this call is not in the audio store any more",
        cure="Hand the call in again, if its recording is still there",
    )


async def _original(services: Services, call_id: str, part: Part | None) -> Stored:
    found = await services.sounds.originals(call_id)
    if part in found:
        return found[part]
    if None in found:
        raise Problem("not-found", "This call was handed in as one file, and not as two", cure="Leave part out")
    if found and part is None:
        raise Problem(
            "bad-request",
            "This call was handed in as two files, one of each speaker",
            errors=[PlaceOfError(parameter="part", detail=f"expected {' or '.join(PARTS)}")],
            cure="Ask for each by itself: part=customer, and part=agent",
        )
    raise Problem(
        "not-found",
        "callsift does not keep the original recording of this call: it lies where the telephone system put it",
        cure="Ask for the playable form, or the telephone system for the original",
    )


def _headers(stored: Stored, call_id: str, *, attachment: bool) -> dict[str, str]:
    named = f'{"attachment" if attachment else "inline"}; filename="recording{_plain(stored.suffix)}"'
    name = call_id if stored.part is None else f"{call_id}-{stored.part}"
    return {
        "ETag": stored.etag,
        "Cache-Control": "private, no-store",
        "Content-Type": _TYPES.get(stored.suffix, _UNKNOWN),
        "Content-Disposition": f"{named}; filename*=UTF-8''{quote(name, safe='')}{_plain(stored.suffix)}",
        "X-Content-Type-Options": "nosniff",
    }


def _plain(suffix: str) -> str:
    return suffix if suffix in _TYPES else ""


def kept_until(services: Services, stored: Stored) -> datetime | None:
    """Return until when something is kept at least, None: for ever; the copy goes with what it was made of."""
    days = services.retention.audio_store_days
    return stored.modified_at + timedelta(days=days) if days else None


def _sunset(services: Services, stored: Stored) -> dict[str, str]:
    """Return the header that says until when something is kept (RFC 8594)."""
    until = kept_until(services, stored)
    return {"Sunset": format_datetime(until, usegmt=True)} if until else {}


async def _begun(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Read the first block before anything is answered: what fails then is still told as a problem."""
    first = await anext(blocks, b"")

    async def continued() -> AsyncIterator[bytes]:
        yield first
        async for block in blocks:
            yield block

    return continued()
