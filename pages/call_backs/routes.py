"""``/call-backs``: who has to be called back, and noting that somebody was."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Principal, Requires, Right
from api.calls.facts import NewFacts, tell_facts
from api.calls.filters import CallFilters
from api.calls.lookup import visible
from api.calls.resource import shown
from api.services import Used
from pages.call_backs.finding import MOST, find_call_backs
from pages.call_backs.view import BY, CALLED, NOTE, STATES, State, in_order, row
from pages.calls.view import Link
from pages.categories import filter_of, title_of
from pages.page import Asked
from pages.routes import SEE_OTHER, Viewer, address, page_router
from schemas import Taxonomies
from store.search import CallSearch

router = page_router()
Reviewer = Annotated[Principal, Depends(Requires(Right.REVIEW))]
_PATH = "/call-backs"
_ASK_S, _ASKED = 0.2, 15


@router.get("/call-backs")
async def call_backs_page(
    page: Asked, who: Viewer, services: Used, state: State = "open", noted: str | None = None
) -> Response:
    """Show one line for each caller who asked to be called back in the last days."""
    now = datetime.now(UTC)
    found, is_cut = await find_call_backs(CallSearch(services.database), CallFilters().query(who), now)
    counts = {one: sum(back.state == one for back in found) for one in STATES}
    chosen = in_order(found, state)
    tabs = [
        Link(f"{page.language.t(f'call_back.{one}')} {page.language.number(counts[one])}", _address(one), one == state)
        for one in STATES
    ]
    return page.answer(
        "call_backs.html",
        who,
        state=state,
        tabs=tabs,
        later=without_time(page.language.code),
        rows=[row(back, shown(back.wish, who), page.language, now) for back in chosen],
        is_cut=is_cut,
        is_late=noted is not None and any(back.wish.call_id == noted and back.state != "done" for back in found),
        most=MOST,
        may_note=who.may(Right.REVIEW),
    )


@router.post("/call-backs/{call_id}/done")
async def done(
    call_id: str, who: Reviewer, services: Used, request: Request, note: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Note that somebody was called back: facts of the call. The page comes when the sink has them, or soon."""
    told: dict[str, Any] = {CALLED: True, BY: who.name[:200], NOTE: note.strip() or None}
    before = (await visible(services, who, call_id)).revision
    await tell_facts(call_id, NewFacts.model_validate(told), request, services, who)
    for _ in range(_ASKED):
        if (await visible(services, who, call_id)).revision > before:
            break
        await asyncio.sleep(_ASK_S)
    return RedirectResponse(address(_PATH, [("noted", call_id)]), SEE_OTHER)


def without_time(language: str) -> list[Link]:
    """Return the ways to all who want to be called later: only those who named a time are in the list."""
    return [
        Link(title_of(code, language, one), address("/calls", [filter_of(code, one), ("when", "30d")]))
        for one in Taxonomies.load().all
        if (code := one.code_of("call_back"))
    ]


def _address(state: State) -> str:
    return address(_PATH, [] if state == "open" else [("state", state)])
