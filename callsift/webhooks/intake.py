"""From calls.outcomes to the queue: which endpoints are told of an outcome, or that a call is gone."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from confluent_kafka import Message
from pydantic import ValidationError

from callsift.webhooks import payload
from schemas import CallOutcome
from store.database import Database
from store.scope import calls_within
from store.webhook_deliveries import Delivery, DeliveryStore, State
from store.webhook_endpoints import Endpoint
from streams.kafka import headers_of, offset_of, partition_of

_CLOCKS_DIFFER = timedelta(seconds=5)


class Announcement(NamedTuple):
    """One message of calls.outcomes."""

    call_id: str
    webhook_id: str
    at: datetime
    """When it was published."""
    outcome: CallOutcome | None
    """None: the call is gone."""

    @classmethod
    def of(cls, message: Message) -> "Announcement | None":
        """Read a message; None: nobody can."""
        key, value = message.key(), message.value()
        at = datetime.fromtimestamp(max(message.timestamp()[1], 0) / 1000, UTC)
        try:
            if value is not None:
                outcome = CallOutcome.model_validate_json(value)
                return cls(outcome.call_id, outcome.outcome_id, at, outcome)
            call_id = bytes(key or b"").decode()
        except (UnicodeDecodeError, ValidationError):
            return None
        named = dict(headers_of(message)).get("ce_id")
        topic, partition = partition_of(message)
        derived = uuid5(NAMESPACE_URL, f"callsift:{topic}/{partition}/{offset_of(message)}")
        return cls(call_id, named.decode(errors="replace") if named else str(derived), at, None)


class Intake:
    """Queues what endpoints are to be told. Everything may be done again."""

    def __init__(self, database: Database) -> None:
        """Queue in a database."""
        self._database, self._deliveries = database, DeliveryStore(database)

    async def take(self, announced: Sequence[Announcement], endpoints: Iterable[Endpoint], now: datetime) -> int:
        """Queue what some endpoints are to be told of; returns how much of it is new.

        An endpoint is told of what was published after it was made; that a call is gone also waits for one that is off.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be queued.
        """
        count = 0
        endpoints = list(endpoints)
        for endpoint in (one for one in endpoints if one.is_on):
            since = endpoint.created_at - _CLOCKS_DIFFER
            outcomes = await self._wanted([one for one in announced if one.outcome and one.at >= since], endpoint)
            new = [_delivery(endpoint, one, now) for one in outcomes]
            count += len(new) - len(await self._deliveries.add(new))
        for gone in (one for one in announced if one.outcome is None):
            count += await self._tell_that_it_is_gone(gone, endpoints, now)
        return count

    async def replay(self, announced: Sequence[Announcement], endpoint: Endpoint, now: datetime) -> None:
        """Queue outcomes for an endpoint once more; what was delivered only if the endpoint says so.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be queued.
        """
        states: set[State] = {"waiting", "failed", "dropped"}
        if endpoint.replay_delivered:
            states.add("delivered")
        wanted = await self._wanted([one for one in announced if one.outcome], endpoint)
        for known in await self._deliveries.add(_delivery(endpoint, one, now) for one in wanted):
            await self._deliveries.again(known.key, now, states)

    async def _wanted(self, announced: Sequence[Announcement], endpoint: Endpoint) -> list[Announcement]:
        fitting = [one for one in announced if one.outcome is not None and endpoint.filters.fit(one.outcome)]
        if endpoint.sees_everything or not fitting:
            return fitting
        visible = await calls_within(self._database, {one.call_id for one in fitting}, json.loads(endpoint.scope))
        return [one for one in fitting if one.call_id in visible]

    async def _tell_that_it_is_gone(self, gone: Announcement, told: Iterable[Endpoint], now: datetime) -> int:
        """Tell those who may see all calls, and of the others those who were told of it."""
        knew = await self._deliveries.told(gone.call_id)
        new = [_delivery(one, gone, now) for one in told if one.sees_everything or one.id in knew]
        known = await self._deliveries.add(new)
        await self._deliveries.remove_of_call(gone.call_id, but=payload.FORGOTTEN)
        return len(new) - len(known)


def _delivery(endpoint: Endpoint, announced: Announcement, now: datetime) -> Delivery:
    state = "forgotten" if announced.outcome is None else announced.outcome.state
    return Delivery.new(endpoint.id, announced.webhook_id, announced.call_id, payload.KINDS[state], now)
