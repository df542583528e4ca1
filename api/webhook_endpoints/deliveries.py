"""What was posted to an endpoint, and what came of each try."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self, get_args

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Principal, Requires, Right
from api.page_tokens import LARGEST_PAGE
from api.problems import Problem
from api.services import Used
from api.webhook_endpoints.resource import endpoint_of
from store.webhook_deliveries import Attempt, Delivery, DeliveryStore, State

router = APIRouter(prefix="/v1/webhook-endpoints/{endpoint_id}/deliveries", tags=["webhooks"])
Administrator = Annotated[Principal, Depends(Requires(Right.ADMINISTER))]


class ShownAttempt(BaseModel):
    """One try."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    at: AwareDatetime
    """When it began."""
    seconds: float
    """How long it took."""
    status: int | None
    """What was answered; null: nothing was, or not to its end."""
    problem: str | None
    """Why it does not count: refused_address, no_such_name, not_trusted, no_connection, timeout, broken_answer,
    redirect or status; null: it does."""
    detail: str | None
    """More about that, where there is more."""

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """Show a try."""
        same = {name: getattr(attempt, name) for name in ("seconds", "status", "problem", "detail")}
        return cls(at=_moment(attempt.at_ms), **same)


class WebhookDelivery(BaseModel):
    """What an endpoint is told once."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    webhook_id: str
    """The header webhook-id, the same on every try; of an outcome its outcome_id."""
    type: str = Field(examples=["call.classified"])
    """What it tells."""
    call_id: str
    """The PBX's identifier of the call."""
    state: Literal["waiting", "delivered", "failed", "dropped"]
    """waiting: it is tried at next_try_at. delivered: it was answered 2xx. failed: it was tried to the end. dropped:
    there was nothing left to tell, because the call was forgotten or is too old."""
    queued_at: AwareDatetime
    """When it was queued first."""
    next_try_at: AwareDatetime | None
    """When it is tried next; null unless it is waiting."""
    ended_at: AwareDatetime | None
    """When it ended; null while it is waiting."""
    attempts: list[ShownAttempt]
    """The last tries, 30 at the most, oldest first."""

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Show a delivery."""
        return cls(
            webhook_id=delivery.webhook_id,
            type=delivery.type,
            call_id=delivery.call_id,
            state=delivery.state,
            queued_at=delivery.queued_at,
            next_try_at=_moment(delivery.due_ms) if delivery.state == "waiting" else None,
            ended_at=delivery.ended_at,
            attempts=[ShownAttempt.of(one) for one in delivery.attempts],
        )


class DeliveryPage(BaseModel):
    """Deliveries, newest first."""

    deliveries: list[WebhookDelivery]
    next_page_token: str = Field("", description="Where the next page begins; empty on the last one.")


@router.get("")
async def list_webhook_deliveries(
    endpoint_id: str,
    who: Administrator,
    services: Used,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    page_size: Annotated[
        int | None, Query(ge=0, description="Deliveries at the most; a larger one is lowered.")
    ] = None,
    page_token: Annotated[str | None, Query(description="The next_page_token of the page before.")] = None,
) -> DeliveryPage:
    """List what an endpoint was told, and is to be told, with what came of each try. Kept for 30 days after its end."""
    await endpoint_of(services, who, endpoint_id)
    question = ["webhook-deliveries", endpoint_id, state]
    tokens = await services.page_tokens.ready(services.database)
    before = tokens.read(page_token, who, question) if page_token else None
    size = min(page_size or services.settings.page_size, LARGEST_PAGE)
    found = await DeliveryStore(services.database).newest(endpoint_id, state, before, size + 1)
    following = tokens.made(found[size - 1].order, who, question) if len(found) > size else ""
    return DeliveryPage(deliveries=[WebhookDelivery.of(one) for one in found[:size]], next_page_token=following)


@router.post("/{webhook_id}:replay")
async def replay_webhook_delivery(
    endpoint_id: str, webhook_id: str, who: Administrator, services: Used, request: Request
) -> WebhookDelivery:
    """Post one delivery once more, now, whatever came of it; then by the schedule from its beginning."""
    await endpoint_of(services, who, endpoint_id)
    deliveries = DeliveryStore(services.database)
    await services.audit.record(who, "webhooks_replayed", None, request)
    found = await deliveries.again(f"{endpoint_id}.{webhook_id}", datetime.now(UTC), get_args(State))
    if found is None:
        raise Problem("not-found", "The endpoint has no such delivery, or it ended more than 30 days ago")
    return WebhookDelivery.of(found)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
