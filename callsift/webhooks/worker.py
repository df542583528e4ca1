"""The worker: queues what comes on calls.outcomes, and has a courier for each endpoint. Several may run."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

from callsift.webhooks import metrics
from callsift.webhooks.consumer import OutcomesConsumer
from callsift.webhooks.courier import LOOK_S, Courier, Places
from callsift.webhooks.intake import Intake
from callsift.webhooks.payload import FORGOTTEN
from callsift.webhooks.sender import RESULTS, Sender
from sources.endpoint_settings import EndpointSettings
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from store.webhook_deliveries import DeliveryStore
from store.webhook_endpoints import Endpoint, EndpointStore
from streams.errors import CallsiftError
from streams.health import Health
from streams.settings import KafkaSettings

logger = logging.getLogger(__name__)
_AGAIN_S = 2.0
_SHOWN_EVERY_S = 15.0
_SILENT_S = 60.0
"""Seconds without a sign after which the worker is not alive: the store may take its time with many endpoints."""
_PRUNE_EVERY = timedelta(hours=1)
_KEPT = timedelta(days=30)
"""How long a delivery is kept that has ended, with what came of each try."""


class WebhooksWorker:
    """Tells endpoints of outcomes. Nothing is lost: what was not noted before it died is done again."""

    def __init__(self, kafka: KafkaSettings, mongo: StoreSettings, settings: EndpointSettings, api: str) -> None:
        """Name the places; ``api`` is where the API is reached from outside, empty where nobody says."""
        self._kafka, self._mongo, self._settings, self._api = kafka, mongo, settings, api
        self._couriers: dict[str, asyncio.Task[None]] = {}
        self._prune_at = datetime.now(UTC)

    async def run(self, health: Health) -> None:
        """Work until SIGTERM or SIGINT; what is being posted then is noted first.

        Raises:
            OSError: The file of the authorities cannot be read.
        """
        stopping, health.silent_after_s = asyncio.Event(), _SILENT_S
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        with closing(Database(self._mongo)) as database:
            endpoints, deliveries = EndpointStore(database), DeliveryStore(database)
            sender = Sender(self._settings)
            places = Places(endpoints, deliveries, OutcomeStore(database), sender, self._api)
            consumer = OutcomesConsumer(self._kafka, Intake(database), endpoints)
            try:
                async with asyncio.TaskGroup() as working:
                    working.create_task(consumer.run(health, stopping))
                    working.create_task(_often(lambda: self._attend(places, consumer, stopping), LOOK_S, stopping))
                    working.create_task(_often(lambda: self._look(places), _SHOWN_EVERY_S, stopping))
                await asyncio.gather(*self._couriers.values())
            finally:
                await sender.close()

    async def _attend(self, places: Places, consumer: OutcomesConsumer, stopping: asyncio.Event) -> None:
        """Have a courier for each endpoint, and queue once more what somebody asked for."""
        endpoints = await places.endpoints.all()
        for endpoint_id in {one.id for one in endpoints} - self._couriers.keys():
            courier = Courier(endpoint_id, places)
            self._couriers[endpoint_id] = asyncio.create_task(_carry(courier, stopping))
        for gone in self._couriers.keys() - {one.id for one in endpoints}:
            self._couriers.pop(gone).cancel()
            await places.deliveries.remove_of_endpoint(gone)  # what was queued while it was deleted
            _forget(gone)
        for endpoint in endpoints:
            await consumer.replay(endpoint)

    async def _look(self, places: Places) -> None:
        """Export how endpoints fare, and remove what ended long ago."""
        now = places.now()
        endpoints = await places.endpoints.all()
        for endpoint in endpoints:
            queue = await places.deliveries.queue(endpoint.id)
            oldest = queue.oldest if endpoint.is_on else None  # nothing is late that is not posted on purpose
            waits_s = 0.0 if oldest is None else (now - oldest).total_seconds()
            metrics.WAITING.labels(endpoint.id).set(queue.waiting)
            metrics.WAITING_S.labels(endpoint.id).set(max(0.0, waits_s))
            metrics.OFF.labels(endpoint.id).set(_is_off_by_itself(endpoint))
        if now >= self._prune_at:
            # who has a scope is told that a call is gone if they were told of the call: that is known until then
            scoped = [one.id for one in endpoints if not one.sees_everything]
            await places.deliveries.remove_ended_before(now - _KEPT, but_to=scoped)
            await places.deliveries.remove_ended_before(now - _KEPT, kind=FORGOTTEN)
            self._prune_at = now + _PRUNE_EVERY


def _is_off_by_itself(endpoint: Endpoint) -> bool:
    return endpoint.enabled and endpoint.off is not None


async def _carry(courier: Courier, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            pause_s = await courier.round()
        except CallsiftError as error:
            logger.warning("deliveries wait for the store", extra={"error": error.message})
            pause_s = _AGAIN_S
        except Exception as bug:  # noqa: BLE001 - an endpoint is not left without its courier; the text may hold its address
            logger.error("a courier failed", extra={"error": type(bug).__name__})
            pause_s = _AGAIN_S
        await _sleep(pause_s, stopping)


async def _often(work: Callable[[], Awaitable[None]], pause_s: float, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await work()
        except CallsiftError as error:
            logger.warning("webhooks wait", extra={"error": error.message})
        except Exception as bug:  # noqa: BLE001 - whatever befalls one endpoint, the others are told
            logger.error("webhooks are not seen to", extra={"error": type(bug).__name__})
        await _sleep(pause_s, stopping)


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


def _forget(endpoint_id: str) -> None:
    """Export nothing more of an endpoint that was deleted."""
    for gauge in (metrics.WAITING, metrics.WAITING_S, metrics.OFF):
        with suppress(KeyError):  # it has none yet
            gauge.remove(endpoint_id)
    for result in RESULTS:
        with suppress(KeyError):
            metrics.ATTEMPTS.remove(endpoint_id, result)
