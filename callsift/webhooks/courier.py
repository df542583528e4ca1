"""One endpoint's courier: leases what is due for it, posts it, and notes what came of it. It waits for no other's."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from callsift.webhooks import metrics, payload
from callsift.webhooks.schedule import is_lost, next_delay_s, pause_s
from callsift.webhooks.sender import Answer, Sender
from callsift.webhooks.signing import signed_headers
from schemas import CallOutcome
from store.calls import OutcomeStore
from store.database import as_ms
from store.webhook_deliveries import Attempt, Delivery, DeliveryStore
from store.webhook_endpoints import Endpoint, EndpointStore

logger = logging.getLogger(__name__)
AT_ONCE = 8
"""Deliveries that are posted to one endpoint at once; they come in no order."""
LEASE = timedelta(seconds=60)
"""After so long another worker tries what this one has not noted: longer than a try takes."""
LOOK_S = 1.0
"""Seconds between two looks at what is due."""
_HISTORY: TypeAdapter[list[CallOutcome]] = TypeAdapter(list[CallOutcome])
_GONE = 410


@dataclass(frozen=True)
class Places:
    """What couriers work with."""

    endpoints: EndpointStore
    deliveries: DeliveryStore
    calls: OutcomeStore
    sender: Sender
    api: str = ""
    """Where the API is reached from outside."""
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = field(default=lambda: random.uniform(-1, 1))  # noqa: S311 - no secret


class Courier:
    """Posts to one endpoint. At least once: what is not noted before the worker dies is posted again."""

    def __init__(self, endpoint_id: str, places: Places) -> None:
        """Post to an endpoint, from when it is asked to."""
        self._id, self._places = endpoint_id, places
        self._failures = 0
        self._is_probing = False
        self._quiet_until = places.now()

    async def round(self) -> float:
        """Post what is due, as much as is posted at once; returns the seconds until the next look.

        Raises:
            MongoUnavailable: The store did not answer; what was posted and not noted is posted again.
        """
        now = self._places.now()
        if now < self._quiet_until:
            return LOOK_S
        endpoint = await self._places.endpoints.find(self._id)
        if endpoint is None or not endpoint.is_on:
            return LOOK_S
        self._is_probing = self._failures > 0  # one that may be away is asked with one
        most = 1 if self._is_probing else AT_ONCE
        held = await self._places.deliveries.lease(self._id, now, LEASE, most)
        if not held:
            return LOOK_S
        await asyncio.gather(*(self._deliver(endpoint, delivery) for delivery in held))
        return 0.0

    async def _deliver(self, endpoint: Endpoint, delivery: Delivery) -> None:
        body = await self._body(endpoint, delivery)
        at = self._places.now()
        if body is None:  # forgotten, or too old, since it was queued
            await self._places.deliveries.end(delivery, "dropped", at)
            return
        headers = signed_headers(endpoint.signing(at), delivery.webhook_id, at, body)
        answer = await self._places.sender.post(endpoint.url, headers, body)
        metrics.ATTEMPTS.labels(self._id, answer.result).inc()
        problem = None if answer.result == "delivered" else answer.result
        attempt = Attempt(as_ms(at), round(answer.seconds, 3), answer.status, problem, answer.detail)
        if problem is None:
            await self._delivered(delivery, attempt)
        else:
            await self._failed(endpoint, delivery, attempt, answer)

    async def _delivered(self, delivery: Delivery, attempt: Attempt) -> None:
        now = self._places.now()
        await self._places.deliveries.end(delivery, "delivered", now, attempt)
        if self._failures and not self._is_probing:
            return  # another of the same round was refused: the pause that it asks for holds
        was_away = self._failures > 0
        self._failures, self._quiet_until = 0, now
        ended = await self._places.endpoints.change(self._id, {"failing_since": None}, {"failing_since": {"$ne": None}})
        if was_away or (ended and not self._failures):  # another may have been refused by now
            count = await self._places.deliveries.bring_forward(self._id, now)
            logger.info("an endpoint takes deliveries again", extra={"endpoint": self._id, "waiting": count})

    async def _failed(self, endpoint: Endpoint, delivery: Delivery, attempt: Attempt, answer: Answer) -> None:
        now, at = self._places.now(), datetime.fromtimestamp(attempt.at_ms / 1000, UTC)
        self._failures += 1
        pause = timedelta(seconds=pause_s(self._failures, answer))
        self._quiet_until = max(self._quiet_until, now + pause)  # the longest that any of a round asks for
        since = at if endpoint.failing_since is None else endpoint.failing_since
        await self._places.endpoints.change(self._id, {"failing_since": since.isoformat()}, {"failing_since": None})
        about = {"endpoint": self._id, "result": answer.result, "status": answer.status}
        logger.warning("an endpoint did not take a delivery", extra=about)
        delay_s = next_delay_s(delivery.tries + 1, answer, self._places.jitter())
        if delay_s is None:
            await self._places.deliveries.end(delivery, "failed", now, attempt)
        else:
            await self._places.deliveries.note(delivery, attempt, now + timedelta(seconds=delay_s))
        if answer.status == _GONE:
            await self._switch_off("gone", now)
        elif is_lost(since, delivery.begun_at(attempt), now, given_up=delay_s is None):
            await self._switch_off("failing", now)

    async def _switch_off(self, reason: str, now: datetime) -> None:
        off = {"at": now.isoformat(), "reason": reason}
        if await self._places.endpoints.change(self._id, {"off": off}, {"off": None}):
            logger.error("an endpoint is switched off", extra={"endpoint": self._id, "reason": reason})

    async def _body(self, endpoint: Endpoint, delivery: Delivery) -> bytes | None:
        """Return what is posted; None: it is not there any more."""
        if delivery.type == payload.FORGOTTEN:
            return payload.of_forgotten(delivery.call_id, delivery.queued_at)
        wanted: dict[str, Any] = {"history": 1} | ({"turns": 1} if endpoint.include_transcript else {})
        document = await self._places.calls.find(delivery.call_id, wanted) or {}
        history = _HISTORY.validate_python(document.get("history", []))
        outcome = next((one for one in history if one.outcome_id == delivery.webhook_id), None)
        if outcome is None:
            return None
        turns = document.get("turns", []) if endpoint.include_transcript else None
        return payload.of_outcome(outcome, self._places.api, turns)
