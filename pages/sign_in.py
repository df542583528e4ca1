"""Signing in with an API key, and out again."""

from typing import Annotated, Literal

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from api.access.sessions import COOKIE
from api.services import Used
from pages.page import Asked, Page
from pages.routes import SEE_OTHER, address, local, page_router

router = page_router()
Refusal = Literal["key", "lost", "denied", "invalid", "no_role", "away"]


@router.get("/login")
async def login_page(
    page: Asked, services: Used, following: Annotated[str | None, Query(alias="next")] = None
) -> Response:
    """Ask who somebody is, where that is asked at all."""
    if not await services.authentication.is_configured():
        return RedirectResponse(local(following), SEE_OTHER)
    return asked_who(page, local(following))


@router.post("/login")
async def sign_in(
    request: Request,
    page: Asked,
    services: Used,
    key: Annotated[SecretStr, Form()],
    following: Annotated[str | None, Form(alias="next")] = None,
) -> Response:
    """Begin a session with a key."""
    sessions = services.authentication.sessions
    session_id = await sessions.begin(key.get_secret_value().strip(), page.pages.settings.session) if sessions else None
    if session_id is None:
        await services.limits.count_refused(request)
        return asked_who(page, local(following), "key", status=401)
    # behind a proxy only the browser knows that it speaks TLS
    is_tls = "https" in {request.url.scheme, request.headers.get("origin", "").partition(":")[0]}
    return signed_in(page, session_id, local(following), is_tls=is_tls)


@router.post("/logout")
async def sign_out(request: Request, services: Used) -> Response:
    """End the session."""
    session_id = request.cookies.get(COOKIE)
    if services.authentication.sessions is not None and session_id is not None:
        await services.authentication.sessions.end(session_id)
    answer = RedirectResponse("/login", SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer


def asked_who(
    page: Page, following: str, refused: Refusal | None = None, *, status: int = 200, said: str = ""
) -> Response:
    """Return the page that asks who somebody is, and why they are not signed in; ``said`` is the issuer's reason."""
    flow = page.pages.code_flow
    return page.answer(
        "login.html",
        status=status,
        following=following,
        refused=refused,
        said=said,
        issuer=flow.issuer.host if flow else None,
        again=address("/login", [("next", following)]),  # what an issuer's answer says is in no page
    )


def signed_in(page: Page, session_id: str, following: str, *, is_tls: bool) -> Response:
    """Return the answer with which a session begins; with ``is_tls`` its cookie goes over nothing else."""
    answer = RedirectResponse(following, SEE_OTHER)
    seconds = round(page.pages.settings.session.total_seconds())
    answer.set_cookie(COOKIE, session_id, max_age=seconds, httponly=True, samesite="lax", secure=is_tls)
    return answer
