"""What the routes work with: settings, the store, the audio store and Kafka, made once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.access.audit import Audit
from api.access.authentication import Authentication
from api.settings import ApiSettings
from store.audit import AuditStore
from store.database import Database
from streams.health import Health
from streams.payloads import ClaimCheckStore
from streams.settings import AudioStoreSettings, KafkaSettings, PrivacySettings

_BEAT_S = 4.0


@dataclass(frozen=True)
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

    @property
    def audit(self) -> Audit:
        """Where is noted who does what."""
        return Audit(AuditStore(self.database))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep in this block what runs beside the requests, and close the connections after it."""
        self.health.joined = True
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
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
