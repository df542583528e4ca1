"""``/operations``: the page, the parts of it that are asked for again, and what can be done there."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Principal, Requires, Right
from api.calls.filters import CallFilters
from api.calls.listing import page_of_calls
from api.operations import dead_letters
from api.operations.dead_letters import Replay
from api.operations.resource import require_everywhere
from api.operations.routes import cancel_operation, list_operations
from api.problems import Problem
from api.services import Services, Used
from api.sources import shown_sources
from api.stats import StatsParameters, show_stats
from pages.calls.question import CallsQuestion
from pages.calls.view import stage_title
from pages.operations import view
from pages.page import Asked, Page
from pages.pipeline import Looked
from pages.routes import SEE_OTHER, page_router
from streams.kafka import KafkaUnavailable, publish_notice
from streams.topics import STAGES

router = page_router()
Operator = Annotated[Principal, Depends(Requires(Right.OPERATE))]
_PATH = "/operations"
_AT_ONCE, _NEWEST = 20, 100


@router.get("/operations")
async def operations_page(page: Asked, who: Operator, services: Used) -> Response:
    """Show the page; what the brokers know of comes after it, as long as that takes."""
    newest = await page_of_calls(services, who, CallFilters(), None, _NEWEST, None)
    outcomes = [call.outcome for call in newest.calls if call.outcome is not None]
    return page.answer(
        "operations.html",
        who,
        sees_all=who.scope.is_everywhere,
        works=await _works(page, who, services),
        versions=view.versions(outcomes),
        newest=len(outcomes),
    )


@router.get("/operations/stages")
async def stages(page: Asked, who: Operator, pipeline: Looked) -> Response:
    """Show how far the stages are; only to who may see all calls."""
    require_everywhere(who)
    try:
        look = await pipeline.look()
    except KafkaUnavailable as away:
        return page.answer("operations_stages.html", who, stages=None, away=away)
    return page.answer(
        "operations_stages.html", who, stages=view.stages(look, page.language), retries=view.retries(look)
    )


@router.get("/operations/sources")
async def sources(page: Asked, who: Operator, services: Used) -> Response:
    """Show the ways in; only to who may see all calls."""
    require_everywhere(who)
    try:
        found = await shown_sources(services)
    except KafkaUnavailable as away:
        return page.answer("operations_sources.html", who, sources=None, away=away)
    return page.answer("operations_sources.html", who, sources=found)


@router.get("/operations/work")
async def work(page: Asked, who: Operator, services: Used) -> Response:
    """Show long work."""
    return page.answer("operations_work.html", who, works=await _works(page, who, services))


@router.get("/operations/cost")
async def cost(page: Asked, who: Operator, services: Used) -> Response:
    """Show what the hosted model took today, by what the outcomes say."""
    today = CallsQuestion().resolved(datetime.now(UTC), page.language.zone)
    asked = StatsParameters.model_validate({"ended_at.gte": today.ended_since, "ended_at.lt": today.ended_before})
    return page.answer("operations_cost.html", who, today=(await show_stats(asked, services, who)).total)


@router.get("/operations/dead-letters")
async def letters(page: Asked, who: Operator, services: Used, page_token: str | None = None) -> Response:
    """Show dead letters that were not replayed, about the newest first."""
    found = await dead_letters.list_dead_letters(
        who, services, replayed=False, page_size=_AT_ONCE, page_token=page_token
    )
    return page.answer(
        "operations_letters.html",
        who,
        letters=found.dead_letters,
        stage_title=stage_title,
        further=found.next_page_token,
        may_replay_all=who.scope.is_everywhere and page_token is None,
    )


@router.post("/operations/dead-letters/{letter_id}/replay")
async def replay(letter_id: str, page: Asked, who: Operator, services: Used, request: Request) -> Response:
    """Put one message back on its topic."""
    letter = await dead_letters.replay_dead_letter(letter_id, who, services, request)
    if "hx-request" in request.headers:
        return page.answer("operations_replayed.html", who, letter=letter)
    return RedirectResponse(_PATH, SEE_OTHER)


@router.post("/operations/dead-letters/replay")
async def replay_all(who: Operator, services: Used, request: Request, response: Response) -> Response:
    """Ask that all be put back; that is long work."""
    await dead_letters.replay_dead_letters(Replay(), who, services, request, response)
    return RedirectResponse(_PATH, SEE_OTHER)


@router.post("/operations/work/{operation_id}/cancel")
async def cancel(operation_id: str, who: Operator, services: Used, request: Request) -> Response:
    """Ask that long work be ended early."""
    await cancel_operation(operation_id, who, services, request)
    return RedirectResponse(_PATH, SEE_OTHER)


@router.post("/operations/brakes/{stage}/release")
async def release(stage: str, who: Operator, services: Used, pipeline: Looked, request: Request) -> Response:
    """Let a stage go on, as `callsift brake release` does."""
    require_everywhere(who)
    if stage not in STAGES:
        raise Problem("not-found", f"There is no stage {stage[:80]!r}", cure=f"One of {', '.join(STAGES)}")
    await services.audit.record(who, "released_brake", None, request)
    reason = f"released on the page by {who.name}"
    await asyncio.to_thread(publish_notice, services.kafka, stage, applied=False, reason=reason)
    pipeline.forget()
    return RedirectResponse(_PATH, SEE_OTHER)


async def _works(page: Page, who: Principal, services: Services) -> list[view.WorkRow]:
    found = await list_operations(who, services, page_size=_AT_ONCE)
    return view.works(found.operations, page.language)
