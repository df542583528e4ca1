"""What the routes work with: settings, the store, the audio store and Kafka, made once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from api.access.audit import Audit, keep_audit
from api.access.authentication import Authentication
from api.access.limits import Limits
from api.calls.under_way import UnderWay
from api.outcomes.streams import Streams
from api.page_tokens import SharedTokens
from api.recordings.heard import Heard
from api.recordings.sounds import Sounds
from api.settings import ApiSettings
from api.waiting import Waiting
from sources.endpoint_settings import EndpointSettings
from sources.telling import tell_for_ever
from sources.webhooks import Source
from store.audit import AuditStore
from store.calls import OutcomeStore
from store.database import Database
from store.uploads import UploadStore
from streams.health import Health
from streams.kafka import AwaitedProducer
from streams.payloads import ClaimCheckStore
from streams.settings import AudioStoreSettings, KafkaSettings, PrivacySettings, RetentionSettings

_BEAT_S = 4.0


@dataclass
class Services:
    """Everything that a route may need."""

    settings: ApiSettings
    kafka: KafkaSettings
    database: Database
    audio: ClaimCheckStore
    authentication: Authentication
    payloads: AudioStoreSettings = field(default_factory=AudioStoreSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    health: Health = field(default_factory=Health)
    page_tokens: SharedTokens = field(default_factory=SharedTokens)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    heard: Heard = field(default_factory=Heard)
    webhooks: Mapping[str, Source] = field(default_factory=dict)
    """Who sends calls in a form of their own, by name."""
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    """Where outcomes may be posted to."""
    producer: AwaitedProducer = field(init=False, repr=False)
    """Publishes; there while the services run."""
    waiting: Waiting = field(init=False, repr=False)
    """Those who wait for outcomes; there while the services run."""

    @property
    def uploads(self) -> UploadStore:
        """The uploads that are on their way."""
        return UploadStore(self.database)

    @property
    def audit(self) -> Audit:
        """Where is noted who does what."""
        return Audit(AuditStore(self.database))

    @cached_property
    def limits(self) -> Limits:
        """How many requests somebody may make."""
        return Limits(self.settings)

    @cached_property
    def sounds(self) -> Sounds:
        """The sounds in the audio store."""
        return Sounds(self.audio)

    @cached_property
    def under_way(self) -> UnderWay:
        """The calls without an outcome."""
        return UnderWay(self.kafka, self.settings.calls_under_way)

    @cached_property
    def streams(self) -> Streams:
        """The streams of outcomes."""
        return Streams(self.settings, self.kafka, self.database)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep in this block what runs beside the requests, and close the connections after it."""
        self.producer, self.waiting = AwaitedProducer(self.kafka), Waiting(OutcomeStore(self.database))
        self.health.joined = True
        days = self.settings.audit_days
        auditing = keep_audit(AuditStore(self.database), self.kafka, timedelta(days=days) if days else None)
        telling = tell_for_ever(self.kafka, self.producer, dict.fromkeys(self.webhooks, "webhook"))
        working = (self._beat(), self.waiting.ask_for_ever(), auditing, telling)
        beside = [asyncio.create_task(work) for work in working]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            self.streams.end()
            await self.under_way.close()
            self.producer.close()
            await self.sounds.close()
            self.database.close()

    async def _beat(self) -> None:
        while True:
            self.health.beat()
            await asyncio.sleep(_BEAT_S)


def _of_the_app(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Used = Annotated[Services, Depends(_of_the_app)]
"""The services, as a parameter of a route."""
