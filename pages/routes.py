"""What the pages' routes have in common."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from api.access import Principal, Requires, Right
from api.access.sessions import COOKIE, require_own_page

SEE_OTHER = 303
Viewer = Annotated[Principal, Depends(Requires(Right.VIEW))]
"""Somebody who may see calls."""


class _WithoutBlanks(APIRoute):
    """A route whose addresses say only what was chosen: a form sends all its fields, the empty ones too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            given = request.query_params.multi_items()
            chosen = [(name, value) for name, value in given if value]
            if chosen == given:
                return await handler(request)
            return RedirectResponse(address(request.url.path, chosen), SEE_OTHER)

        return answer


async def _from_our_page(request: Request) -> None:
    # also where no session says who asks: a proxy may say so, or the address of this machine
    await require_own_page(request, request.cookies.get(COOKIE))


def page_router() -> APIRouter:
    """Return a router for pages: no part of the API's contract, and no other site's forms change anything there."""
    return APIRouter(route_class=_WithoutBlanks, include_in_schema=False, dependencies=[Depends(_from_our_page)])


def address(path: str, parameters: list[tuple[str, str]]) -> str:
    """Return a path with a query."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def local(wanted: str | None) -> str:
    """Return where somebody wants to be next, if that is a page of ours; otherwise the first page."""
    is_ours = wanted is not None and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted is not None and wanted.isprintable() else "/"
