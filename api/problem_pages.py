"""``/problems/CODE``: what each type of problem means, where the ``type`` of an answer leads."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.problems import KINDS, Problem

router = APIRouter(tags=["about"])


@router.get("/problems/{code}", response_class=PlainTextResponse, include_in_schema=False)
async def problem_page(code: str) -> PlainTextResponse:
    """Say what a type of problem means."""
    if code not in KINDS:
        raise Problem("not-found", "There is no such type of problem")
    kind = KINDS[code]
    return PlainTextResponse(f"{kind.code}\n\n{kind.title} (status {kind.status}).\n{kind.cure}\n")
