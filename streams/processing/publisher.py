"""Publishing until the broker confirms: a message is never acknowledged before what came of it is safe."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Protocol

from schemas import Event
from streams import cloud_events, metrics
from streams.errors import PermanentError
from streams.message import Headers
from streams.payloads.codec import to_bytes
from streams.processing.agent import Tombstone
from streams.processing.failures import FailureLog
from streams.processing.spans import Spans
from streams.topics import Topic

logger = logging.getLogger(__name__)


class Publish(Protocol):
    """Publishes a message and returns when the broker has confirmed it; raises otherwise."""

    def __call__(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> Awaitable[None]:
        """Publish; raises PermanentError for a message that no broker takes, anything else if it may be repeated."""


class Publisher:
    """Publishes what comes of one stage's events, again and again until it is confirmed."""

    def __init__(self, stage: str, publish: Publish, failures: FailureLog, tracing: Spans, prefix: str = "") -> None:
        """Publish through ``publish``; ``failures`` says how long to wait in between, ``tracing`` makes the spans.

        ``prefix`` is that of the topics: outcomes name it as where they come from.
        """
        self._stage = stage
        self._publish = publish
        self._failures = failures
        self._tracing = tracing
        self._prefix = prefix

    async def event(self, topic: Topic, event: Event, value: bytes | None = None) -> None:
        """Publish an event under its call's key; raises PermanentError if no broker takes it.

        Args:
            topic: Where.
            event: The event; a tombstone goes without a value.
            value: Its bytes, where they are made already.
        """
        call_id = getattr(event, "call_id", None)
        key = call_id.encode() if call_id else None
        if isinstance(event, Tombstone):
            await self.tombstone(topic, event.call_id)
        else:
            headers = cloud_events.of_event(self._prefix, event)
            await self.message(topic, key, to_bytes(event) if value is None else value, headers)

    async def tombstone(self, topic: Topic, call_id: str) -> None:
        """Publish that a call is forgotten; raises PermanentError if no broker takes it."""
        await self.message(topic, call_id.encode(), None, cloud_events.of_tombstone(self._prefix, call_id))

    async def message(self, topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Publish bytes as they are; raises PermanentError if no broker takes them."""
        with self._tracing.sending(topic.name, headers) as carrying:
            await self._confirmed(topic, key, value, carrying)

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
                await asyncio.sleep(self._failures.backoff_s(attempts))
