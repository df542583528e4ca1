"""Signing in at an issuer of OpenID Connect: there and back again."""

import base64
import hmac
import json
from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from api.access.code_flow import Attempt, CodeFlow
from api.access.issuer import Issuer, IssuerUnavailable
from api.problems import Problem
from api.services import Services, Used
from api.settings import is_this_machine
from pages.page import Asked, Page
from pages.routes import SEE_OTHER, local, page_router
from pages.settings import PageSettings
from pages.sign_in import Refusal, asked_who, signed_in

router = page_router()
_COOKIE, _LASTS_S = "callsift_sign_in", 600
_PATH, _BACK = "/login/issuer", "/login/issuer/back"
_LONGEST = 200
Said = Annotated[str | None, Query(max_length=4096)]


def code_flow(issuer: Issuer, settings: PageSettings) -> CodeFlow | None:
    """Return how people sign in at an issuer; None: they do not."""
    if settings.oidc_client is None:
        return None
    client_id, _, secret = settings.oidc_client.get_secret_value().partition(":")
    return CodeFlow(issuer, client_id, SecretStr(secret) if secret else None)


@router.get(_PATH)
async def go_to_issuer(page: Asked, following: Annotated[str | None, Query(alias="next")] = None) -> Response:
    """Send somebody to the issuer. What tells this attempt apart stays in their browser."""
    attempt, flow = Attempt.new(), _flow(page)
    try:
        answer = RedirectResponse(await flow.address(attempt, _own(page) + _BACK), SEE_OTHER)
    except IssuerUnavailable:
        return asked_who(page, local(following), "away", status=503)
    # lax: the way back from the issuer is a link of another site
    answer.set_cookie(
        _COOKIE,
        _written(attempt, local(following)),
        max_age=_LASTS_S,
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=_is_tls(page),
    )
    return answer


@router.get(_BACK)
async def come_back(
    request: Request,
    page: Asked,
    services: Used,
    state: Said = None,
    code: Said = None,
    error: Said = None,
    error_description: Said = None,
    iss: Said = None,
) -> Response:
    """Take somebody who comes back from the issuer, and begin their session."""
    flow, (attempt, following) = _flow(page), _read(request.cookies.get(_COOKIE))
    is_ours = attempt is not None and hmac.compare_digest((state or "").encode(), attempt.state.encode())
    if attempt is None or not is_ours or iss not in {None, flow.issuer.settings.issuer}:  # RFC 9207
        return await _refused(request, page, services, following, "lost")
    if error is not None or code is None:
        said = " · ".join(filter(None, (error, error_description)))[:_LONGEST]
        return await _refused(request, page, services, following, "denied", said)
    try:
        who = await flow.principal(code, attempt, _own(page) + _BACK)
    except IssuerUnavailable:
        return _without_attempt(asked_who(page, following, "away", status=503))
    if who is None:
        return await _refused(request, page, services, following, "invalid")
    if not who.rights:
        return await _refused(request, page, services, following, "no_role", who.name)
    sessions, issuer = services.authentication.sessions, flow.issuer.settings.issuer
    if sessions is None or issuer is None:
        raise Problem("not-found", "Nobody can sign in here")
    session_id = await sessions.begin_as(who, issuer, page.pages.settings.session)
    return _without_attempt(signed_in(page, session_id, following, is_tls=_is_tls(page)))


def _own(page: Page) -> str:
    """Return where the browser finds us: it says the host, and the issuer knows which one is ours."""
    return f"{'https' if _is_tls(page) else 'http'}://{page.request.url.netloc}"


def _is_tls(page: Page) -> bool:
    """Tell whether the browser speaks TLS: where people sign in it does, unless it is on this machine."""
    url = page.request.url
    return url.scheme == "https" or not is_this_machine(url.hostname or "")


def _flow(page: Page) -> CodeFlow:
    if page.pages.code_flow is None:
        raise Problem("not-found", "Nobody signs in at an issuer here", cure="Set CALLSIFT_PAGE_OIDC_CLIENT")
    return page.pages.code_flow


async def _refused(
    request: Request, page: Page, services: Services, following: str, why: Refusal, said: str = ""
) -> Response:
    await services.limits.count_refused(request)
    return _without_attempt(asked_who(page, following, why, status=403 if why == "no_role" else 401, said=said))


def _without_attempt(answer: Response) -> Response:
    answer.delete_cookie(_COOKIE, path=_PATH)  # an attempt counts once
    return answer


def _written(attempt: Attempt, following: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(asdict(attempt) | {"next": following}).encode()).decode()


def _read(cookie: str | None) -> tuple[Attempt | None, str]:
    """Return the attempt that a browser began, and where it wanted to be; whatever else it says is none."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cookie or ""))
        texts = {name: str(found[name]) for name in ("state", "nonce", "verifier", "next")}
    except (ValueError, TypeError, KeyError):
        return None, local(None)
    following = local(texts.pop("next"))
    return (Attempt(**texts) if all(texts.values()) else None), following
