"""``/calls``: the list."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Response

from api.calls.listing import page_of_calls
from api.services import Used
from pages.calls import view
from pages.calls.question import Asked, CallsQuestion, export
from pages.categories import choices
from pages.page import Asked as AskedPage
from pages.routes import Viewer, page_router

router = page_router()


@router.get("/calls")
async def calls_page(
    page: AskedPage, who: Viewer, services: Used, given: Annotated[CallsQuestion, Query()]
) -> Response:
    """Show the calls that the address asks for, the newest first."""
    now, language = datetime.now(UTC), page.language
    question, asked = given.resolved(now, language.zone), Asked(page.request.query_params.multi_items())
    found = await page_of_calls(
        services, who, question, asked.question, 0, given.page_token, oldest_first=given.order == "oldest"
    )
    rows = [view.row(call.outcome, language, now) for call in found.calls if call.outcome is not None]
    return page.answer(
        "calls.html",
        who,
        rows=rows,
        columns=view.columns(rows),
        heading=view.heading(question, language),
        periods=view.periods(asked, question.period, language),
        chips=view.chips(asked, language),
        saved=view.saved(page.address, language),
        asked=asked,
        categories=choices(language.code),
        states=view.states(language),
        speakers=view.speakers(language),
        shares=view.shares(language),
        exports={form: export(question, asked, form) for form in ("csv", "jsonl")},
        next_page=asked.page(found.next_page_token) if found.next_page_token else None,
        is_first_page=given.page_token is None,
    )
