"""The stage runner: takes a message to its end, whatever happens on the way.

decode → work → publish and wait for the broker's confirmation → return, so that the window may acknowledge. Nothing but
cancellation ever leaves it as an exception: an exception that leaves a Faust agent acknowledges the event.
"""

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import NAMESPACE_URL, uuid5

from schemas import DeadLetter, Event, Hop
from streams import metrics
from streams.catalogue import DEAD_LETTER, Stage, Topic
from streams.decoding import decode, readable_call_id
from streams.errors import CallsiftError, PermanentError, TransientError, UnreadableEvent
from streams.logs import logged_with
from streams.settings import RunnerSettings

logger = logging.getLogger(__name__)
TakenT = TypeVar("TakenT", bound=Event, contravariant=True)


class Agent(Protocol[TakenT]):
    """The work of a stage. It may be repeated for the same event, also in another process, and must then do no harm."""

    async def start(self) -> None:
        """Get ready before the first event; raise CallsiftError if the worker cannot work."""

    async def work(self, event: TakenT, /) -> Event | None:
        """Return the event that comes of this one, or None where nothing does.

        Raises:
            PermanentError: The event belongs on the dead-letter topic.
            TransientError: The event may succeed later.
        """

    async def stop(self) -> None:
        """Give back what ``start`` took."""


@dataclass(frozen=True)
class Message:
    """A message as it came from Kafka."""

    topic: Topic
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


Publish = Callable[[Topic, str | None, Event], Awaitable[None]]
"""Publishes an event under a key and returns when the broker has confirmed it; raises otherwise."""


@dataclass(frozen=True)
class _GivenUp:
    """Why the work on a message ended without a result."""

    error: CallsiftError
    error_type: str
    attempts: int
    event: Event | None


class StageRunner:
    """Runs one stage's agent on one message at a time; many may be under way at once."""

    def __init__(self, stage: Stage, agent: Agent[Event], publish: Publish, settings: RunnerSettings) -> None:
        """Make the runner of ``stage``."""
        self._stage = stage
        self._agent = agent
        self._publish = publish
        self._settings = settings

    async def take(self, message: Message) -> None:
        """Take a message to its end: returns when the broker has confirmed what came of it, and raises nothing."""
        taken_at, started = datetime.now(UTC), time.monotonic()
        where = {"stage": self._stage.name, "position": f"{message.topic.name}/{message.partition}/{message.offset}"}
        with logged_with(**where):
            result = await self._result(message, taken_at)
            if isinstance(result, _GivenUp) and message.topic is DEAD_LETTER:
                # Its original is kept where it is; a dead letter about a dead letter would never end.
                logger.error("dead letter left where it is", extra={"error": result.error.message})
                outcome = "left"
            elif isinstance(result, _GivenUp):
                await self._publish_dead_letter(message, taken_at, result)
                outcome = "dead_letter"
            else:
                try:
                    await self._confirmed(self._stage.gives, result)
                    outcome = "done"
                except PermanentError as error:
                    refused = _GivenUp(error, type(error).__name__, 1, result)
                    await self._publish_dead_letter(message, taken_at, refused)
                    outcome = "dead_letter"
            seconds = time.monotonic() - started
            metrics.EVENTS.labels(self._stage.name, outcome).inc()
            metrics.STAGE_SECONDS.labels(self._stage.name).observe(seconds)
            call_id = getattr(result.event if isinstance(result, _GivenUp) else result, "call_id", None)
            logger.info("finished", extra={"call_id": call_id, "result": outcome, "took_s": round(seconds, 3)})

    async def _result(self, message: Message, taken_at: datetime) -> Event | _GivenUp | None:
        try:
            event = decode(message.topic.event, message.value)
        except UnreadableEvent as error:
            return _GivenUp(error, type(error).__name__, 1, None)
        with logged_with(call_id=getattr(event, "call_id", None)):
            attempts = 0
            while True:
                attempts += 1
                try:
                    result = await self._agent.work(event)
                except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                    failure = self._understood(error)
                    if self._gives_up(failure, attempts, ends=message.topic is not DEAD_LETTER):
                        return _GivenUp(failure, type(error).__name__, attempts, event)
                    await asyncio.sleep(self._pause_s(attempts))
                else:
                    hop = Hop(
                        stage=self._stage.name, taken_at=taken_at, finished_at=datetime.now(UTC), attempts=attempts
                    )
                    return result.stamped(hop) if result is not None else None

    def _understood(self, error: Exception) -> CallsiftError:
        """Name the kind of a failure, count it, and log it once."""
        if isinstance(error, CallsiftError):
            kind = "permanent" if isinstance(error, PermanentError) else "transient"
            logger.warning("try failed", extra={"kind": kind, "error": error.message})
            failure = error
        else:
            kind = "bug"
            # the stack and the type, without the text: it may quote what somebody said
            stack = "".join(traceback.format_tb(error.__traceback__))
            logger.error("try failed with an unknown error", extra={"error_type": type(error).__name__, "stack": stack})
            failure = TransientError(
                f"unknown error {type(error).__name__}", "Read the worker's log and report the bug"
            )
        metrics.TRIES_FAILED.labels(self._stage.name, kind).inc()
        return failure

    def _gives_up(self, failure: CallsiftError, attempts: int, *, ends: bool) -> bool:
        """Tell whether the quick tries are over; for what must not end as a dead letter, tries never ``end``.

        This is the foot of the ladder: what is transient and outlasts the quick tries becomes a dead letter here. Retry
        topics, the pause while a dependency is away and the brake take their place between the two.
        """
        if not isinstance(failure, TransientError):
            return True
        return ends and attempts >= (failure.attempts_worth_making or self._settings.quick_tries)

    def _pause_s(self, attempts: int) -> float:
        """Return the seconds before the next try: full jitter, at most a minute."""
        return random.uniform(0, min(60.0, self._settings.backoff_s * 2 ** (attempts - 1)))  # noqa: S311 - not a secret

    async def _publish_dead_letter(self, message: Message, taken_at: datetime, given_up: _GivenUp) -> None:
        position = f"{self._stage.name}:{message.topic.name}:{message.partition}:{message.offset}"
        identity = uuid5(NAMESPACE_URL, f"callsift:dead-letter:{position}")
        event, error = given_up.event, given_up.error
        call_id = getattr(event, "call_id", None) or readable_call_id(message.value, message.key)
        letter = DeadLetter(
            event_id=str(identity),
            trace_id=event.trace_id if event else identity.hex,
            hops=event.hops if event else (),
            call_id=call_id,
            stage=self._stage.name,
            error_type=given_up.error_type,
            permanent=isinstance(error, PermanentError),
            message=error.message,
            cure=error.cure,
            attempts=given_up.attempts,
            first_tried_at=taken_at,
            gave_up_at=datetime.now(UTC),
            topic=message.topic.name,
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            value=message.value,
            headers=message.headers,
        )
        logger.error(
            "gave up, dead letter",
            extra={"call_id": call_id, "error_type": given_up.error_type, "error": error.message, "cure": error.cure},
        )
        await self._confirmed(DEAD_LETTER, letter)

    async def _confirmed(self, topic: Topic, event: Event | None) -> None:
        """Publish until the broker confirms: a message is never acknowledged before what came of it is safe."""
        attempts = 0
        while event is not None:
            try:
                return await self._publish(topic, getattr(event, "call_id", None), event)
            except PermanentError:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                attempts += 1
                metrics.PUBLISH_RETRIES.labels(self._stage.name).inc()
                logger.warning(
                    "not confirmed, trying again", extra={"topic": topic.name, "error": type(error).__name__}
                )
                await asyncio.sleep(self._pause_s(attempts))
        return None
