"""Publishing until the broker confirms: a message is never acknowledged before what came of it is safe."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from schemas import Event
from streams import metrics
from streams.errors import PermanentError
from streams.message import Headers
from streams.processing.failures import Failures
from streams.topics import Topic

if TYPE_CHECKING:
    from streams.processing.tracing import Tracing

logger = logging.getLogger(__name__)


class Publish(Protocol):
    """Publishes a message and returns when the broker has confirmed it; raises otherwise."""

    def __call__(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> Awaitable[None]:
        """Publish; raises PermanentError for a message that no broker takes, anything else if it may be repeated."""


class Publisher:
    """Publishes what comes of one stage's events, again and again until it is confirmed."""

    def __init__(self, stage: str, publish: Publish, failures: Failures, tracing: "Tracing | None") -> None:
        """Publish through ``publish``; ``failures`` says how long to wait in between, ``tracing`` makes the spans."""
        self._stage = stage
        self._publish = publish
        self._failures = failures
        self._tracing = tracing

    async def event(self, topic: Topic, event: Event) -> None:
        """Publish an event under its call's key; raises PermanentError if no broker takes it."""
        call_id = getattr(event, "call_id", None)
        await self.message(topic, call_id.encode() if call_id else None, event.model_dump_json().encode(), ())

    async def message(self, topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Publish bytes as they are; raises PermanentError if no broker takes them."""
        if self._tracing is None:
            return await self._confirmed(topic, key, value, headers)
        with self._tracing.sending(topic.name, headers) as carrying:
            return await self._confirmed(topic, key, value, carrying)

    async def _confirmed(self, topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        attempts = 0
        while True:
            try:
                return await self._publish(topic, key=key, value=value, headers=headers)
            except PermanentError:
                raise
            except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                attempts += 1
                metrics.PUBLISH_RETRIES.labels(self._stage).inc()
                logger.warning(
                    "not confirmed, trying again", extra={"topic": topic.name, "error": type(error).__name__}
                )
                await asyncio.sleep(self._failures.pause_s(attempts))
