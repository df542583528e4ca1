"""A store with endpoints, couriers whose clock a test turns, and consumers on this machine."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from api.webhook_endpoints.resource import new_secret
from callsift.embedded import EmbeddedStore
from callsift.webhooks.courier import Courier, Places
from callsift.webhooks.intake import Announcement, Intake
from callsift.webhooks.sender import Sender
from schemas import CallOutcome
from sources.endpoint_settings import EndpointSettings
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from store.webhook_deliveries import Delivery, DeliveryStore
from store.webhook_endpoints import Endpoint, EndpointStore
from tests.servers.mongo import with_database
from tests.servers.webhooks import Consumer, webhook_consumer
from tests.store.outcomes import done

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
HERE = EndpointSettings(schemes=("http", "https"), internal_hosts=("127.0.0.1",))
"""This machine may be posted to."""


@dataclass
class World:
    """A store, a clock, and what posts."""

    database: Database
    sender: Sender
    now: datetime = NOW
    couriers: dict[str, Courier] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.endpoints, self.deliveries = EndpointStore(self.database), DeliveryStore(self.database)
        self.calls, self.intake = OutcomeStore(self.database), Intake(self.database)

    @property
    def places(self) -> Places:
        """What couriers work with, by the clock of the test."""
        return Places(
            *(self.endpoints, self.deliveries, self.calls, self.sender),
            api="https://calls.example.com/",
            now=lambda: self.now,
            jitter=lambda: 0.0,
        )

    async def endpoint(self, url: str, **fields: Any) -> Endpoint:
        """Add an endpoint."""
        made = Endpoint(id=uuid4().hex[:12], url=url, by="anna", secrets=(new_secret(NOW),), created_at=NOW, **fields)
        await self.endpoints.add(made)
        return made

    async def publish(self, call_id: str, **facts: Any) -> CallOutcome:
        """Store an outcome, and have it queued."""
        outcome = done(f"outcome-of-{call_id}", call_id).model_copy(update=facts)
        stored = await self.calls.save(outcome)
        assert stored is not None
        await self.announce(Announcement(call_id, stored.outcome_id, self.now, stored))
        return stored

    async def announce(self, announcement: Announcement) -> None:
        """Have what is on the topic queued."""
        await self.intake.take([announcement], await self.endpoints.all(), self.now)

    async def round(self, endpoint: Endpoint) -> float:
        """Let the endpoint's courier post what is due."""
        return await self.couriers.setdefault(endpoint.id, Courier(endpoint.id, self.places)).round()

    async def until(self, endpoint: Endpoint, moment: datetime, step: timedelta = timedelta(minutes=5)) -> None:
        """Turn the clock to a moment, and let the courier look at every step."""
        while self.now < moment:
            while await self.round(endpoint) == 0:
                pass
            self.now += step

    async def of(self, endpoint: Endpoint) -> list[Delivery]:
        """Return the deliveries to an endpoint, oldest first."""
        return (await self.deliveries.newest(endpoint.id, None, None, 1000))[::-1]

    async def again(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint as it is."""
        found = await self.endpoints.find(endpoint.id)
        assert found is not None
        return found


@pytest.fixture(scope="session")
def webhooks_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = EmbeddedStore(tmp_path_factory.mktemp("webhooks-store"))
    yield running.uri
    running.stop()


@pytest.fixture
async def world(webhooks_store: str, tmp_path: Path) -> AsyncIterator[World]:
    uri = with_database(webhooks_store, f"test-{uuid4().hex}")
    sender = Sender(HERE, time_limit_s=5)
    with closing(Database(StoreSettings(uri=SecretStr(uri)))) as database:
        yield World(database, sender)
    await sender.close()


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    with webhook_consumer() as running:
        yield running
