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
_A_PAGE = 200
JSON_LINES = "application/jsonl"
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
    pages = CallSearch(services.database).pages(query, _A_PAGE)
    first: list[Document] = await anext(pages, [])  # what is refused at once is told as a problem

    async def all_pages() -> AsyncIterator[list[Document]]:
        yield first
        async for page in pages:
            yield page

    as_csv = parameters.format == "csv"
    name = f'attachment; filename="calls.{parameters.format}"'
    return StreamingResponse(
        _written(all_pages(), who, as_csv=as_csv),
        media_type=f"{CSV}; charset=utf-8; header=present" if as_csv else JSON_LINES,
        headers={"Content-Disposition": name, "Cache-Control": "private, no-store"},
    )


async def _written(pages: AsyncIterator[list[Document]], who: Principal, *, as_csv: bool) -> AsyncIterator[str]:
    written = 0
    try:
        if as_csv:
            yield header()
        async for page in pages:
            yield await asyncio.to_thread(_lines, page, who, as_csv=as_csv)  # others need the loop meanwhile
            written += len(page)
    except Exception:
        logger.exception("an export broke off", extra={"written": written})
        yield f"{BROKEN_OFF}, after {written} calls\n"
        raise  # so that the transfer ends without its last chunk


def _lines(documents: list[Document], who: Principal, *, as_csv: bool) -> str:
    outcomes = [shown(CallOutcome.model_validate(document["outcome"]), who) for document in documents]
    return "".join(row(one) if as_csv else Call.of(one, who).model_dump_json() + "\n" for one in outcomes)
