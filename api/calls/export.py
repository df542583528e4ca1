"""All calls that are meant, as one file: CSV or JSON lines, made while it is sent."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from api.access import Principal, Requires, Right
from api.calls.csv_table import CSV, header, row
from api.calls.filters import CallFilters
from api.calls.resource import Call, shown
from api.services import Used
from schemas import CallOutcome
from store.database import Document
from store.search import CallSearch

router = APIRouter(prefix="/v1", tags=["calls"])
logger = logging.getLogger(__name__)
A_PAGE = 200
"""Calls that are asked for at once."""
JSON_LINES = "application/jsonl"
MEDIA_TYPES = {"csv": f"{CSV}; charset=utf-8; header=present", "jsonl": JSON_LINES}
"""By format."""
BROKEN_OFF = "callsift: the export broke off here"
"""Begins the last line of an export that is not whole."""


class ExportParameters(CallFilters):
    """Which calls, and as what."""

    format: Literal["csv", "jsonl"] = "jsonl"
    """csv: a table with a header (RFC 4180). jsonl: on each line a call, as GET /v1/calls/{call_id} shows it."""


@router.get(
    "/calls:export",
    response_class=StreamingResponse,
    responses={200: {"description": "The calls, the newest first.", "content": {CSV: {}, JSON_LINES: {}}}},
)
async def export_calls(
    request: Request,
    parameters: Annotated[ExportParameters, Query()],
    services: Used,
    who: Annotated[Principal, Depends(Requires(Right.VIEW))],
) -> StreamingResponse:
    """Export all calls that are meant, the newest first, with the same filters as lists. Noted in the audit.

    An export that breaks off ends without the last chunk (curl: exit code 18), and, where that is still possible, with
    a line that begins with "callsift: the export broke off here". In a cell of the CSV that begins with = + - @, a tab
    or a carriage return an apostrophe stands before, so that no spreadsheet takes it for a formula.
    """
    query = parameters.query(who)
    await services.audit.record(who, "exported", None, request)
    pages = CallSearch(services.database).pages(query, A_PAGE)
    first: list[Document] = await anext(pages, [])  # what is refused at once is told as a problem

    async def all_pages() -> AsyncIterator[list[Document]]:
        yield first
        async for page in pages:
            yield page

    name = f'attachment; filename="calls.{parameters.format}"'
    return StreamingResponse(
        _until_it_breaks(written(all_pages(), who, parameters.format)),
        media_type=MEDIA_TYPES[parameters.format],
        headers={"Content-Disposition": name, "Cache-Control": "private, no-store"},
    )


async def written(
    pages: AsyncIterator[list[Document]], who: Principal, form: Literal["csv", "jsonl"]
) -> AsyncIterator[tuple[str, int]]:
    """Yield an export page by page, as somebody may see it: text, and how many calls are in it."""
    if form == "csv":
        yield header(), 0
    async for page in pages:
        yield await asyncio.to_thread(_lines, page, who, form), len(page)  # others need the loop meanwhile


def _lines(documents: list[Document], who: Principal, form: Literal["csv", "jsonl"]) -> str:
    outcomes = [shown(CallOutcome.model_validate(document["outcome"]), who) for document in documents]
    return "".join(row(one) if form == "csv" else Call.of(one, who).model_dump_json() + "\n" for one in outcomes)


async def _until_it_breaks(pieces: AsyncIterator[tuple[str, int]]) -> AsyncIterator[str]:
    calls = 0
    try:
        async for text, count in pieces:
            yield text
            calls += count
    except Exception:
        logger.exception("an export broke off", extra={"written": calls})
        yield f"{BROKEN_OFF}, after {calls} calls\n"
        raise  # so that the transfer ends without its last chunk
