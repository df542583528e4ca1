"""``/v1/webhook-endpoints``: where outcomes are posted to."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Principal, Requires, Right
from api.page_tokens import LARGEST_PAGE
from api.problems import Problem
from api.services import Used
from api.webhook_endpoints.resource import (
    EndpointChange,
    NewEndpoint,
    WebhookEndpoint,
    WithSecret,
    endpoint_of,
    may_see,
    new_secret,
    require_address,
    scope_of,
)
from store.database import as_ms
from store.webhook_deliveries import DeliveryStore
from store.webhook_endpoints import Endpoint, EndpointStore, Secret

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhooks"])
Administrator = Annotated[Principal, Depends(Requires(Right.ADMINISTER))]
_QUESTION = "webhook-endpoints"
_MOST = 50
"""Endpoints of an installation: each has a courier, and figures of its own in the metrics."""


class EndpointPage(BaseModel):
    """Endpoints, oldest first."""

    webhook_endpoints: list[WebhookEndpoint]
    next_page_token: str = Field("", description="Where the next page begins; empty on the last one.")


class Rotation(BaseModel):
    """How a secret takes the place of another."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    overlap_hours: float = Field(default=24.0, ge=0.0, le=720.0)
    """For how long the secrets before sign, too. 0: no longer; for one that others know."""


class ReplayRequest(BaseModel):
    """What is posted once more."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    since: AwareDatetime
    """The newest outcome of each call that had one then or later."""
    delivered: bool = False
    """Whether what was delivered is posted again, too; otherwise only what was not, and what was never queued."""


@router.post("", status_code=201)
async def create_webhook_endpoint(
    body: NewEndpoint, who: Administrator, services: Used, request: Request, response: Response
) -> WithSecret:
    """Have outcomes posted to an address, as Standard Webhooks 1.0.0 says. The answer shows the secret, this once.

    It is told of what is published from now on, of calls that you may see.
    """
    require_address(services, body.url)
    endpoints, now = EndpointStore(services.database), datetime.now(UTC)
    if len(await endpoints.all()) >= _MOST:
        raise Problem("conflict", f"There are {_MOST} webhook endpoints already", cure="Delete one that nobody needs")
    secret = new_secret(now)
    endpoint = Endpoint(
        id=f"{as_ms(now):012x}{secrets.token_hex(4)}",
        url=body.url,
        description=body.description,
        enabled=body.enabled,
        filters=body.filters,
        include_transcript=body.include_transcript,
        scope=scope_of(who),
        by=who.name,
        secrets=(secret,),
        created_at=now,
    )
    await services.audit.record(who, "webhook_endpoint_created", None, request)
    await endpoints.add(endpoint)
    response.headers["Location"] = f"/v1/webhook-endpoints/{endpoint.id}"
    return _with_secret(endpoint, secret, now)


@router.get("")
async def list_webhook_endpoints(
    who: Administrator,
    services: Used,
    page_size: Annotated[int | None, Query(ge=0, description="Endpoints at the most; a larger one is lowered.")] = None,
    page_token: Annotated[str | None, Query(description="The next_page_token of the page before.")] = None,
) -> EndpointPage:
    """List endpoints: all, or those that were made by somebody who sees the same calls as you."""
    tokens = await services.page_tokens.ready(services.database)
    after = tokens.read(page_token, who, _QUESTION) if page_token else ""
    size, now = min(page_size or services.settings.page_size, LARGEST_PAGE), datetime.now(UTC)
    every = await EndpointStore(services.database).all()
    found = [one for one in every if one.id > after and may_see(who, one)]
    following = tokens.made(found[size - 1].id, who, _QUESTION) if len(found) > size else ""
    shown = [WebhookEndpoint.of(one, now) for one in found[:size]]
    return EndpointPage(webhook_endpoints=shown, next_page_token=following)


@router.get("/{endpoint_id}")
async def get_webhook_endpoint(endpoint_id: str, who: Administrator, services: Used) -> WebhookEndpoint:
    """Show an endpoint, and how it fares."""
    return WebhookEndpoint.of(await endpoint_of(services, who, endpoint_id), datetime.now(UTC))


@router.patch("/{endpoint_id}")
async def update_webhook_endpoint(
    endpoint_id: str, body: EndpointChange, who: Administrator, services: Used, request: Request
) -> WebhookEndpoint:
    """Change the fields that are given. ``enabled: true`` posts again to an endpoint that was switched off."""
    await endpoint_of(services, who, endpoint_id)
    if body.url is not None:
        require_address(services, body.url)
    fields: dict[str, Any] = body.model_dump(mode="json", exclude_none=True)
    if body.enabled:
        fields |= {"off": None, "failing_since": None}
    await services.audit.record(who, "webhook_endpoint_changed", None, request)
    if fields:
        await EndpointStore(services.database).change(endpoint_id, fields)
    return WebhookEndpoint.of(await endpoint_of(services, who, endpoint_id), datetime.now(UTC))


@router.delete("/{endpoint_id}", status_code=204)
async def delete_webhook_endpoint(endpoint_id: str, who: Administrator, services: Used, request: Request) -> None:
    """Delete an endpoint, its secrets, and the list of what was posted to it."""
    await endpoint_of(services, who, endpoint_id)
    await services.audit.record(who, "webhook_endpoint_deleted", None, request)
    await EndpointStore(services.database).remove(endpoint_id)
    await DeliveryStore(services.database).remove_of_endpoint(endpoint_id)


@router.post("/{endpoint_id}:rotateSecret")
async def rotate_webhook_secret(
    endpoint_id: str, body: Rotation, who: Administrator, services: Used, request: Request
) -> WithSecret:
    """Make a new secret, and show it, this once. Until the overlap ends, deliveries have a signature of each."""
    endpoint, now = await endpoint_of(services, who, endpoint_id), datetime.now(UTC)
    await services.audit.record(who, "webhook_secret_rotated", None, request)
    secret, until = new_secret(now), now + timedelta(hours=body.overlap_hours)
    kept = [_ending(one, until) for one in endpoint.secrets if one.expires_at is None or one.expires_at > now]
    rotated = endpoint.model_copy(update={"secrets": (secret, *(one for one in kept if body.overlap_hours))})
    stored = {"secrets": rotated.model_dump(mode="json")["secrets"], "rotations": endpoint.rotations + 1}
    if not await EndpointStore(services.database).change(endpoint_id, stored, {"rotations": endpoint.rotations}):
        raise Problem("conflict", "Its secret was rotated a moment ago", cure="Look at it, then ask again if need be")
    return _with_secret(rotated, secret, now)


@router.post("/{endpoint_id}:replay", status_code=202)
async def replay_webhook_endpoint(
    endpoint_id: str, body: ReplayRequest, who: Administrator, services: Used, request: Request
) -> WebhookEndpoint:
    """Post once more what an endpoint has missed. The worker begins within seconds; ``replay_since`` is null then."""
    await endpoint_of(services, who, endpoint_id)
    await services.audit.record(who, "webhooks_replayed", None, request)
    wanted = {"replay_since": body.model_dump(mode="json")["since"], "replay_delivered": body.delivered}
    await EndpointStore(services.database).change(endpoint_id, wanted)
    return WebhookEndpoint.of(await endpoint_of(services, who, endpoint_id), datetime.now(UTC))


def _with_secret(endpoint: Endpoint, secret: Secret, now: datetime) -> WithSecret:
    return WithSecret(**dict(WebhookEndpoint.of(endpoint, now)), secret=secret.value)


def _ending(secret: Secret, until: datetime) -> Secret:
    """Return a secret that signs until then, or as long as it would have anyway."""
    ends = until if secret.expires_at is None else min(until, secret.expires_at)
    return secret.model_copy(update={"expires_at": ends})
