"""``/calls/{call_id}``: one call, and what can be done with it."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Principal, Requires, Right
from api.calls.lookup import visible
from api.calls.reading import list_revisions, read_transcript
from api.calls.resource import shown
from api.operations.erasures import delete_call
from api.operations.reprocessing import reprocess_call
from api.recordings.routes import kept_until
from api.services import Services, Used
from pages.call.view import Sound, call_view
from pages.page import Asked
from pages.routes import SEE_OTHER, Viewer, address, page_router
from schemas import CallOutcome

router = page_router()
Operator = Annotated[Principal, Depends(Requires(Right.OPERATE))]
Administrator = Annotated[Principal, Depends(Requires(Right.ADMINISTER))]


@router.get("/calls/{call_id}")
async def call_page(
    call_id: str, page: Asked, who: Viewer, services: Used, request: Request, asked_again: bool = False
) -> Response:
    """Show a call. That its transcript was read is noted in the audit."""
    outcome = await visible(services, who, call_id)
    said = await read_transcript(call_id, request, services, who)
    history = await list_revisions(call_id, services, who)
    view = call_view(shown(outcome, who), said, history.revisions, await _sound(services, who, outcome), page.language)
    return page.answer(
        "call.html",
        who,
        call=view,
        asked_again=asked_again,
        may_reprocess=who.may(Right.OPERATE) and bool(said.turns),
        may_forget=who.may(Right.ADMINISTER),
    )


@router.post("/calls/{call_id}/reprocess")
async def reprocess(call_id: str, who: Operator, services: Used, request: Request, response: Response) -> Response:
    """Have a call classified again, and show it."""
    await reprocess_call(call_id, who, services, request, response)
    return RedirectResponse(address(request.url.path.removesuffix("/reprocess"), [("asked_again", "true")]), SEE_OTHER)


@router.post("/calls/{call_id}/forget")
async def forget(
    call_id: str, page: Asked, who: Administrator, services: Used, request: Request, response: Response
) -> Response:
    """Have a call forgotten; it takes some seconds."""
    work = await delete_call(call_id, who, services, request, response)
    return page.answer("forgotten.html", who, status=202, operation=work.name)


async def _sound(services: Services, who: Principal, outcome: CallOutcome) -> Sound:
    if not who.may(Right.LISTEN):
        return Sound("no_right")
    if (stored := await services.sounds.prepared(outcome.call_id)) is None:
        return Sound("none" if outcome.recording_facts is None else "gone")
    return Sound("there", kept_until(services, stored))
