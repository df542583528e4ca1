"""``/insight``: what calls say together."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Response

from api.problems import Problem
from api.services import Used
from pages.calls.view import Link
from pages.categories import choices
from pages.insight.became import BY, became, tiles
from pages.insight.lost import WAYS_BEFORE
from pages.insight.question import PATH, PERIODS, STEPS, InsightQuestion
from pages.insight.samples import reviewed_days
from pages.insight.view import WAYS, insight
from pages.page import Asked
from pages.routes import Viewer, page_router
from store.search import CallSearch
from store.stats import TooManyGroups, survey

router = page_router()


@router.get(PATH)
async def insight_page(
    page: Asked, who: Viewer, services: Used, question: Annotated[InsightQuestion, Query()]
) -> Response:
    """Show what the calls of some days say together, no more of them than somebody may see."""
    language, search = page.language, CallSearch(services.database)
    zone, span = language.zone, question.span(datetime.now(UTC), language.zone)
    now, then = (question.filters(days, zone).query(who) for days in (span, span.before))
    try:
        found = await survey(search, now, BY, WAYS, zone)
        before = await survey(search, then, (), WAYS_BEFORE, zone)
    except TooManyGroups as error:
        raise Problem("invalid-request", str(error), cure="Choose fewer days, or a queue") from None
    reviews = await reviewed_days(services, who, question, span)
    return page.answer(
        "insight.html",
        who,
        question=question,
        span=span,
        periods=[Link(language.t(f"period.{one}"), question.during(one), one == question.period) for one in PERIODS],
        steps=[Link(language.t(f"trends.by_{one}"), question.by(one), one == question.step_of(span)) for one in STEPS],
        categories=choices(language.code),
        is_own=who.scope.agents is not None,
        seen=await asyncio.to_thread(insight, found, before, question, span, language, reviews),
        tiles=tiles(found, before, language),
        became=became(found, question, span, language),
    )
