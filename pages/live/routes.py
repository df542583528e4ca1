"""``/live``: the page, and the parts of it that are asked for again and again."""

import asyncio
from datetime import UTC, datetime

from fastapi import Request, Response

from api.access import Principal, Right
from api.calls.filters import CallFilters
from api.calls.listing import page_of_calls
from api.operations.resource import require_everywhere
from api.services import Services, Used
from pages.calls.question import CallsQuestion
from pages.calls.view import Row, row
from pages.live import view
from pages.page import Asked, Page
from pages.pipeline import Looked
from pages.routes import Viewer, page_router
from pages.shared import Shared
from schemas import Leaf
from store.search import CallSearch
from streams.kafka import KafkaUnavailable

router = page_router()
_AT_FIRST = 100
COUNTS_HOLD_S = 8.0
Counts = dict[Leaf | view.State, int]


@router.get("/live")
async def live_page(page: Asked, who: Viewer, services: Used) -> Response:
    """Show the calls that ended last; the script has what comes from then on."""
    return page.answer(
        "live.html",
        who,
        rows=await _newest(page, who, services),
        columns=view.COLUMNS,
        example=view.example(),
        names=view.names(page.language),
        most_rows=view.MOST_ROWS,
        sees_flow=who.scope.is_everywhere,
    )


@router.get("/live/rows")
async def rows(page: Asked, who: Viewer, services: Used) -> Response:
    """Show the newest rows alone: how a browser catches up that slept, or lost its stream."""
    return page.answer("live_rows.html", who, rows=await _newest(page, who, services), columns=view.COLUMNS)


@router.get("/live/today")
async def today(page: Asked, who: Viewer, services: Used, request: Request) -> Response:
    """Show how many calls of today are of which kind."""
    shared: Shared[Counts] = request.app.state.counts
    since = CallsQuestion().resolved(datetime.now(UTC), page.language.zone)
    question = (since.ended_since, repr(who.scope.query()))
    found = await shared.answer(question, lambda: _count(services, who, since))
    counts = view.counts(found, page.language)
    return page.answer("live_today.html", who, counts=counts, total=sum(found.values()))


@router.get("/live/flow")
async def flow(page: Asked, who: Viewer, pipeline: Looked) -> Response:
    """Show how many calls are in which stage; only to who may see all of them."""
    require_everywhere(who)
    try:
        look = await pipeline.look()
    except KafkaUnavailable:
        return page.answer("live_flow.html", who, stages=None)
    retrying = sum(one.waiting for one in look.status.retries)
    return page.answer(
        "live_flow.html",
        who,
        stages=view.flow(look, page.language),
        retrying=retrying,
        given_up=look.status.dead_letters.not_replayed,
        may_operate=who.may(Right.OPERATE),
    )


async def _newest(page: Page, who: Principal, services: Services) -> list[Row]:
    found = await page_of_calls(services, who, CallFilters(), None, _AT_FIRST, None)
    now = datetime.now(UTC)
    return [row(call.outcome, page.language, now) for call in found.calls if call.outcome is not None]


async def _count(services: Services, who: Principal, of: CallFilters) -> Counts:
    search = CallSearch(services.database)

    async def calls(**chosen: tuple[str, ...]) -> int:
        return await search.count(of.model_copy(update=chosen).query(who))

    leaves = view.leaves()
    asked = [
        calls(category=(one.category,), **({"sub_category": (one.sub_category,)} if one.sub_category else {}))
        for one in leaves
    ]
    found = await asyncio.gather(*asked, *(calls(state=(one,)) for one in view.STATES))
    return dict(zip((*leaves, *view.STATES), found, strict=True))
