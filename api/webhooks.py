"""Webhooks: sources that tell of calls in a form of their own, by POST or GET, are told apart by name and mapped."""

import asyncio
import base64
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from api.access import Principal, Requires, Right
from api.access.sessions import COOKIE
from api.calls.resource import RETRY_AFTER_S, Call, address_of
from api.problems import PlaceOfError, Problem
from api.services import Services, Used
from sources import metrics
from sources.intake import Intake
from sources.mapping import Sent
from sources.mapping.sent import FORM
from sources.observation import Observation, Reason, Refused, call_ended
from sources.webhooks import Source

router = APIRouter(prefix="/v1", tags=["calls"])
_PROBLEMS: dict[Reason, str] = {
    "unreadable": "bad-request",
    "invalid": "invalid-request",
    "unsigned": "unauthenticated",
    "too_large": "too-large",
    "unconfirmed": "unavailable",
}


@dataclass(frozen=True)
class RequiresSender(Requires):
    """Lets those pass who have a right, and sources that sign: their signature is checked with the body."""

    async def principal(self, request: Request) -> Principal:
        """Return who asks: a source that signs, or whoever has the key, which PBXs send as they can.

        As a bearer's token, as the password of HTTP's basic authentication, or as ``key`` behind the address.
        """
        services: Services = request.app.state.services
        source = services.webhooks.get(request.path_params["source"])
        if source is not None and source.signs:
            return Principal(f"webhook {source.name}", frozenset({self.right}), is_limited=False)
        token = _basic_password(request) or request.query_params.get("key")
        if token is None and COOKIE in request.cookies and "authorization" not in request.headers:
            # a link on another site's page comes with the session of whoever clicks on it
            raise Problem("unauthenticated", "A session tells of no calls", cure="Send a key, as docs/sources.md says")
        if token is None:
            return await super().principal(request)
        return await services.authentication.owner(token)


Sender = Annotated[Principal, Depends(RequiresSender(Right.INGEST))]
_ANSWERS = {204: {"description": "It is about no call that is over, and nothing comes of it."}}
_BODY: dict[str, Any] = {"content": {kind: {"schema": {}} for kind in ("application/json", FORM)}}


@router.post(
    "/webhooks/{source}",
    status_code=202,
    response_model=Call,
    responses=_ANSWERS,  # type: ignore[arg-type] # starlette's keys
    openapi_extra={"requestBody": _BODY},
)
async def take_webhook(source: str, request: Request, services: Used, who: Sender) -> Response:
    """Take what a PBX says in a form of its own; the answer comes when the brokers have the call.

    The source is one of ``CALLSIFT_SOURCES_FILE``, whose mapping makes the call-ended event of body, query and
    headers. The key may be a bearer's token, the password of basic authentication, or ``key`` behind the address.
    """
    return await _take(_named(services, source), request, services, who)


@router.get(
    "/webhooks/{source}",
    status_code=202,
    response_model=Call,
    responses=_ANSWERS,  # type: ignore[arg-type] # starlette's keys
)
async def take_webhook_by_get(source: str, request: Request, services: Used, who: Sender) -> Response:
    """Take what a PBX says in query and headers alone, as some do."""
    return await _take(_named(services, source), request, services, who)


async def _take(source: Source, request: Request, services: Services, who: Principal) -> Response:
    raw = await request.body()
    try:
        observed = await asyncio.to_thread(_observed, source, request, raw)
        if observed is None:
            metrics.observe(source.name, "ignored")
            return Response(status_code=204)
        if not who.scope.allows(call_ended(observed)):
            raise Problem("forbidden", "The call is out of your scope: its queue, agent or metadata are not yours")
    except Refused as refusal:
        metrics.observe(source.name, refusal.reason, refusal.message)
        if refusal.reason == "unsigned":
            await services.limits.count_refused(request)
        raise _problem(refusal) from None
    [taken] = await Intake(services.producer).take([observed])
    if isinstance(taken, Refused):
        raise _problem(taken)
    headers = {"Location": address_of(taken.call_id), "Retry-After": str(RETRY_AFTER_S)}
    return JSONResponse(Call(call_id=taken.call_id, state="in_work").model_dump(mode="json"), 202, headers)


def _observed(source: Source, request: Request, raw: bytes) -> Observation | None:
    sent = Sent.read(raw, request.headers.get("content-type", ""), request.url.query, dict(request.headers))
    if source.signs:
        source.check_signature(sent, request.url.path, request.url.query)
    return source.observation(sent)


def _named(services: Services, name: str) -> Source:
    source = services.webhooks.get(name)
    if source is None:
        raise Problem("not-found", "There is no such source", cure="Name one of CALLSIFT_SOURCES_FILE")
    return source


def _problem(refusal: Refused) -> Problem:
    headers = {"Retry-After": str(RETRY_AFTER_S)} if refusal.reason == "unconfirmed" else None
    errors = [PlaceOfError(pointer="#", detail=refusal.message)] if refusal.reason == "invalid" else []
    return Problem(_PROBLEMS[refusal.reason], refusal.message, cure=refusal.cure, errors=errors, headers=headers)


def _basic_password(request: Request) -> str | None:
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(told.strip(), validate=True).decode().partition(":")[2]
    except ValueError:  # no base64, or no text
        return ""
