"""``/calls/{call_id}``: one call, and what can be done with it."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Principal, Requires, Right
from api.calls.facts import NewFacts, tell_facts
from api.calls.labels import NewLabel, give_label, list_labels
from api.calls.lookup import visible
from api.calls.reading import list_revisions, read_transcript
from api.calls.resource import etag, shown
from api.operations.dead_letters import replay_dead_letter
from api.operations.erasures import delete_call
from api.operations.reprocessing import reprocess_call
from api.problems import Problem
from api.services import Services, Used
from pages.call.correction import Correction, FactsForm
from pages.call.sound import sound_of
from pages.call.under_way import under_way
from pages.call.view import call_view
from pages.call.whereabouts import letter_of, whereabouts
from pages.categories import choices
from pages.page import Asked, Page
from pages.routes import SEE_OTHER, Viewer, address, page_router
from schemas import CallOutcome, Taxonomies
from streams.dead_letters import DeadLetterSummary

router = page_router()
Reviewer = Annotated[Principal, Depends(Requires(Right.REVIEW))]
Operator = Annotated[Principal, Depends(Requires(Right.OPERATE))]
Administrator = Annotated[Principal, Depends(Requires(Right.ADMINISTER))]


Notice = Literal["asked_again", "corrected", "on_its_way", "replayed", "told", "stale", "incomplete"]
_FOLLOWED: frozenset[Notice] = frozenset(("asked_again", "on_its_way", "replayed", "told"))
"""Those after which there will be another outcome."""


@router.get("/calls/{call_id}")
async def call_page(
    call_id: str, page: Asked, who: Viewer, services: Used, request: Request, notice: Notice | None = None
) -> Response:
    """Show a call, or how far it is. That its transcript was read is noted in the audit."""
    where = await whereabouts(services, who, call_id)
    if isinstance(where, CallOutcome):
        return await _call_page(where, page, who, services, request, notice)
    call = under_way(call_id, where, page.language)
    return page.answer("call_under_way.html", who, call=call, may_operate=who.may(Right.OPERATE))


@router.get("/calls/{call_id}/progress")
async def progress(
    call_id: str,
    page: Asked,
    who: Viewer,
    services: Used,
    at: str = "",
    revision: Annotated[int, Query(ge=0)] = 0,
    is_replayed: bool = False,
) -> Response:
    """Say what is new since a page was made, which shows a mark or a revision; nothing where nothing is."""
    path, where = f"/calls/{quote(call_id, safe='')}", await whereabouts(services, who, call_id)
    if isinstance(where, CallOutcome):
        is_newer = where.revision > revision
        if not revision or (is_replayed and is_newer):  # nobody listens to a call that had failed
            return Response(headers={"HX-Redirect": path})
        return page.answer("call_newer.html", who, address=path) if is_newer else _nothing()
    call = under_way(call_id, where, page.language)
    if call.mark == at:
        return _nothing()
    return page.answer("call_progress.html", who, call=call, may_operate=who.may(Right.OPERATE))


async def _call_page(
    outcome: CallOutcome,
    page: Page,
    who: Principal,
    services: Services,
    request: Request,
    notice: Notice | None,
    *,
    status: int = 200,
    correction: Correction | None = None,
) -> Response:
    call_id = outcome.call_id
    said = await read_transcript(call_id, request, services, who)
    history = await list_revisions(call_id, services, who)
    labels = (await list_labels(call_id, services, who)).labels if who.may(Right.REVIEW) else ()
    sound = await sound_of(services, who, outcome)
    return page.answer(
        "call.html",
        who,
        status,
        call=call_view(shown(outcome, who), said, history.revisions, labels, sound, page.language),
        notice=notice,
        is_followed=notice in _FOLLOWED,
        correction=correction or Correction(revision=outcome.revision),
        categories=choices(page.language.code, Taxonomies.load().behind(outcome)),
        may_review=who.may(Right.REVIEW),
        may_replay=who.may(Right.OPERATE) and outcome.failure is not None,
        may_reprocess=who.may(Right.OPERATE) and bool(said.turns),
        may_forget=who.may(Right.ADMINISTER),
    )


@router.post("/calls/{call_id}/labels")
async def correct(
    call_id: str, page: Asked, who: Reviewer, services: Used, request: Request, given: Annotated[Correction, Form()]
) -> Response:
    """Say what a call was for. If it has changed since, show what it is by now; the form keeps what was said."""
    outcome = await visible(services, who, call_id)
    leaf = given.named(Taxonomies.load().behind(outcome))
    if leaf is None:
        kept = given.at(etag(outcome.revision))
        return await _call_page(outcome, page, who, services, request, "incomplete", status=422, correction=kept)
    label = NewLabel(category=leaf.category, sub_category=leaf.sub_category, cause=given.cause, note=given.said)
    try:
        answer = await give_label(call_id, label, request, services, who, etag(given.revision), None)
    except Problem as problem:
        if problem.kind.code != "precondition-failed":
            raise
        newest = await visible(services, who, call_id)
        kept = given.at(etag(newest.revision))
        return await _call_page(newest, page, who, services, request, "stale", status=412, correction=kept)
    return _back(request, "corrected" if answer.status_code == 201 else "on_its_way")


@router.post("/calls/{call_id}/facts")
async def say_what_became_of_it(
    call_id: str, who: Reviewer, services: Used, request: Request, given: Annotated[FactsForm, Form()]
) -> Response:
    """Say what became of a call."""
    await visible(services, who, call_id)
    await tell_facts(call_id, NewFacts.model_validate(given.facts()), request, services, who)
    return _back(request, "told")


@router.post("/calls/{call_id}/reprocess")
async def reprocess(call_id: str, who: Operator, services: Used, request: Request, response: Response) -> Response:
    """Have a call classified again, and show it."""
    await reprocess_call(call_id, who, services, request, response)
    return _back(request, "asked_again")


@router.post("/calls/{call_id}/replay")
async def replay(call_id: str, who: Operator, services: Used, request: Request) -> Response:
    """Put the message that a call was given up with back on its topic, and show the call."""
    where = await whereabouts(services, who, call_id)
    if isinstance(where, CallOutcome):
        if where.failure is None:
            raise Problem("conflict", "The call has not failed: there is nothing to replay")
        where = await letter_of(services, who, call_id, where.failure)
    if isinstance(where, DeadLetterSummary):  # else somebody was faster
        await replay_dead_letter(where.id, who, services, request)
    return _back(request, "replayed")


@router.post("/calls/{call_id}/forget")
async def forget(
    call_id: str, page: Asked, who: Administrator, services: Used, request: Request, response: Response
) -> Response:
    """Have a call forgotten; it takes some seconds."""
    work = await delete_call(call_id, who, services, request, response)
    return page.answer("forgotten.html", who, status=202, operation=work.name)


def _nothing() -> Response:
    return Response(status_code=204)


def _back(request: Request, notice: Notice) -> Response:
    path = request.url.path.rpartition("/")[0]
    return RedirectResponse(address(path, [("notice", notice)]), SEE_OTHER)
