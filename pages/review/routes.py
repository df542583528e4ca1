"""``/review``: samples, and reading them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Principal, Requires, Right
from api.calls.lookup import visible
from api.problems import Problem
from api.services import Services, Used
from pages.call.correction import Correction
from pages.categories import choices
from pages.page import Asked, Page
from pages.review import view
from pages.review.late import A_WHILE, look_for_late_calls, may_look
from pages.review.reading import Begun, address_of, begun, heard, is_stale, publish
from pages.review.sampling import CannotDraw, DrawForm, draw_sample, may_see, yesterday_and_a_week_before
from pages.review.turns import to_read
from pages.routes import SEE_OTHER, page_router
from schemas import Leaf, Taxonomies
from store.arrivals import ArrivalStore
from store.revisions import machine_answer
from store.samples import Item, Role, Sample, SampleStore

router = page_router()
Reviewer = Annotated[Principal, Depends(Requires(Right.REVIEW))]
_SHOWN = 12
"""Samples on the page, the newest; the figures lead to all of them."""
Problems = Literal["too_many", "no_calls", "too_small", "days", "nothing_left"]


@router.get("/review")
async def review_page(page: Asked, who: Reviewer, services: Used, problem: Problems | None = None) -> Response:
    """Show the samples that somebody may read, and what there is to do besides."""
    return await _overview(page, who, services, problem)


async def _overview(page: Page, who: Principal, services: Services, problem: str | None, status: int = 200) -> Response:
    store, now = SampleStore(services.database), datetime.now(UTC)
    samples = [sample for sample in await store.all() if may_see(sample, who)][:_SHOWN]
    came = await ArrivalStore(services.database).all()
    rows = [
        view.row(one, await store.items(one.sample_id), came.get(one.sample_id), who.name, now, page.language)
        for one in samples
    ]
    first, last = yesterday_and_a_week_before(now, page.language.zone)
    return page.answer(
        "review.html", who, status, rows=rows, problem=problem, first_day=first, last_day=last, may_look=may_look
    )


@router.post("/review")
async def draw(page: Asked, who: Reviewer, services: Used, form: Annotated[DrawForm, Form()]) -> Response:
    """Draw a sample."""
    if form.last_day < form.first_day:
        return await _overview(page, who, services, "days", 422)
    try:
        await draw_sample(services, who, form, page.language.zone)
    except CannotDraw as error:
        return await _overview(page, who, services, str(error), 422)
    return RedirectResponse("/review", SEE_OTHER)


@router.post("/review/{sample_id}/late")
async def look_for_late(sample_id: str, page: Asked, who: Reviewer, services: Used) -> Response:
    """Draw from the calls that came since somebody looked last."""
    sample, now = await known_sample(services, who, sample_id), datetime.now(UTC)
    await look_for_late_calls(services, who, sample, page.language.zone, now, unless_since=timedelta(0))
    return RedirectResponse("/review", SEE_OTHER)


@router.post("/review/{sample_id}/next")
async def next_call(sample_id: str, page: Asked, who: Reviewer, services: Used) -> Response:
    """Give somebody the next call to read, of those too that came late."""
    sample = await known_sample(services, who, sample_id)
    store, now = SampleStore(services.database), datetime.now(UTC)
    await look_for_late_calls(services, who, sample, page.language.zone, now, unless_since=A_WHILE)
    for item, role in to_read(await store.items(sample_id), who.name, now):
        if await _is_there(services, who, item) and await _has(store, item, role, who.name, now):
            return RedirectResponse(address_of(item), SEE_OTHER)
    return RedirectResponse("/review?problem=nothing_left", SEE_OTHER)


async def _begun(sample_id: str, place: int, who: Reviewer, services: Used) -> Begun | None:
    return await begun(services, who, await known_sample(services, who, sample_id), place)


Reading = Annotated[Begun | None, Depends(_begun)]
"""The call of the address, as a parameter of a route; None: it is not theirs to read, or gone."""
Given = Annotated[Correction, Form()]


@router.get("/review/{sample_id}/{place}")
async def call_to_read(one: Reading, page: Asked, who: Reviewer, services: Used, request: Request) -> Response:
    """Show a call: its sound and its words; once somebody has answered, also what the machine says."""
    if one is None:
        return RedirectResponse("/review", SEE_OTHER)
    return await _shown(page, who, services, request, one)


@router.post("/review/{sample_id}/{place}/first")
async def answer_blind(
    one: Reading, page: Asked, who: Reviewer, services: Used, request: Request, given: Given
) -> Response:
    """Keep what somebody says before they see the machine's answer; of a third reader it is the last word."""
    if one is None:
        return RedirectResponse("/review", SEE_OTHER)
    leaf = await _leaf(services, who, one, given)
    if leaf is None:
        return await _shown(page, who, services, request, one, given=given, notice="incomplete", status=422)
    if one.role == "third":
        return await _published(page, who, services, request, one, given)
    await SampleStore(services.database).answer(one.item, one.role, leaf.code)
    return RedirectResponse(one.address, SEE_OTHER)


@router.post("/review/{sample_id}/{place}/final")
async def answer_in_the_end(
    one: Reading, page: Asked, who: Reviewer, services: Used, request: Request, given: Given
) -> Response:
    """Publish what somebody says after they have seen the machine's answer, and lead to the next call."""
    if one is None or one.reading.said is None:
        return RedirectResponse(one.address if one else "/review", SEE_OTHER)
    return await _published(page, who, services, request, one, given)


async def known_sample(services: Services, who: Principal, sample_id: str) -> Sample:
    """Return a sample that somebody may see.

    Raises:
        Problem: not-found: there is none, or it has calls that are out of their scope.
    """
    sample = await SampleStore(services.database).find(sample_id)
    if sample is None or not may_see(sample, who):
        raise Problem("not-found", "There is no such sample of calls that you may see")
    return sample


async def _leaf(services: Services, who: Principal, one: Begun, given: Correction) -> Leaf | None:
    return given.named(Taxonomies.load().behind(await visible(services, who, one.call_id)))


async def _published(
    page: Page, who: Principal, services: Services, request: Request, one: Begun, given: Correction
) -> Response:
    leaf = await _leaf(services, who, one, given)
    if leaf is None:
        return await _shown(page, who, services, request, one, given=given, notice="incomplete", status=422)
    try:
        await publish(services, who, one, given, leaf, request)
    except Problem as problem:
        if not is_stale(problem):
            raise
        return await _shown(page, who, services, request, one, given=given, notice="stale", status=412)
    return await next_call(one.sample.sample_id, page, who, services)


async def _shown(
    page: Page,
    who: Principal,
    services: Services,
    request: Request,
    one: Begun,
    *,
    given: Correction | None = None,
    notice: str | None = None,
    status: int = 200,
) -> Response:
    outcome, listening = await heard(services, who, one, request)
    taxonomy = Taxonomies.load().behind(outcome)
    language, chosen = page.language, given or Correction(leaf=one.reading.said or "")
    common = {
        "sample": one.sample,
        "item": one.item,
        "call_id": one.call_id,
        "heard": listening,
        "given": chosen.model_copy(update={"revision": outcome.revision}),
        "leaves": view.keyed_leaves(language.code, taxonomy),
        "notice": notice,
    }
    if one.role == "third":
        both = view.both_answers(one.item, language.code, taxonomy)
        return page.answer("review_blind.html", who, status, both=both, **common)
    if one.reading.said is None:
        return page.answer("review_blind.html", who, status, both=(), **common)
    machine = view.machine(machine_answer(outcome), one.reading.said, language, taxonomy)
    categories = choices(language.code, taxonomy)
    return page.answer("review_reveal.html", who, status, machine=machine, categories=categories, **common)


async def _is_there(services: Services, who: Principal, item: Item) -> bool:
    try:
        await visible(services, who, item.call_id or "")
    except Problem:
        return False
    return True


async def _has(store: SampleStore, item: Item, role: Role, who: str, now: datetime) -> bool:
    held = item.reading(role)
    return (held is not None and held.who == who) or await store.take(item, role, who, now)
