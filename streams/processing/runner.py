"""The stage runner: takes a message to its end, whatever happens on the way.

decode → work → publish and wait for the broker's confirmation → return, so that the window may acknowledge. Nothing but
cancellation ever leaves it as an exception: an exception that leaves a Faust agent acknowledges the event.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from schemas import Event
from streams import metrics
from streams.decoding import decode
from streams.errors import PermanentError, TransientError, UnreadableEvent
from streams.logs import logged_with
from streams.message import REPLAY, Message, Tries
from streams.payloads.claimed_turns import ClaimedTurns
from streams.processing.agent import Agent
from streams.processing.attempts import Attempts
from streams.processing.brake import Brake
from streams.processing.circuit_breaker import OutageGate
from streams.processing.escalation import Ending, Ladder
from streams.processing.failures import Failures
from streams.processing.letters import GivenUp
from streams.processing.publisher import Publish, Publisher
from streams.processing.stopwatch import Stopwatch
from streams.settings import RunnerSettings
from streams.topics import Stage

if TYPE_CHECKING:
    from streams.processing.tracing import Tracing

logger = logging.getLogger(__name__)


class StageRunner:
    """Runs one stage's agent on one message at a time; many may be under way at once."""

    def __init__(
        self,
        stage: Stage,
        agent: Agent[Any],
        publish: Publish,
        settings: RunnerSettings,
        *,
        turns: ClaimedTurns | None = None,
        tracing: "Tracing | None" = None,
        on_pause: Callable[[str | None], None] = lambda _: None,
        apply_brake: Callable[[str], None] = lambda _: None,
        start_watch: Callable[[], Stopwatch] = Stopwatch,
    ) -> None:
        """Make the runner of ``stage``.

        Args:
            stage: The stage.
            agent: Its work.
            publish: Where results go.
            settings: How patient to be.
            turns: Where the turns of large transcripts lie; None: every event is published as it is.
            tracing: Makes the spans; None: there are none.
            on_pause: Told what the stage waits for when it pauses, and None when it goes on.
            apply_brake: Tells the stage's other workers, with the reason, that nearly everything is invalid.
            start_watch: Starts the stopwatch of one message.
        """
        self._stage = stage
        self._agent = agent
        self._start_watch = start_watch
        self._quick_tries = settings.quick_tries
        self._tracing = tracing
        self.gate = OutageGate(
            streak=settings.outage_streak,
            probe_s=settings.probe_s,
            longest_probe_s=settings.longest_probe_s,
            on_change=lambda _: on_pause(self.waits_for),
        )
        self.brake = Brake(
            sample=settings.brake_sample,
            share=settings.brake_share,
            on_change=lambda _: on_pause(self.waits_for),
            apply=apply_brake,
        )
        self._failures = Failures(stage.name, settings)
        self._publisher = Publisher(stage.name, publish, self._failures, tracing)
        self._ladder = Ladder(stage.name, self._publisher)
        self._attempts = Attempts(
            stage.name,
            agent,
            settings,
            gate=self.gate,
            failures=self._failures,
            publisher=self._publisher,
            turns=turns,
        )

    @property
    def waits_for(self) -> str | None:
        """What the stage waits for on purpose; None: it takes events."""
        return self.gate.away or self.brake.reason

    async def take(self, message: Message) -> None:
        """Take a message to its end: returns when the broker has confirmed what came of it, and raises nothing."""
        watch = self._start_watch()
        with logged_with(stage=self._stage.name, position=message.position):
            try:
                ending = await self._taken(message, watch)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not come back with the same message for ever
                ending = await self._ladder.set_aside(message, self._failures.understood(error))
            metrics.EVENTS.labels(self._stage.name, ending.result).inc()
            metrics.STAGE_SECONDS.labels(self._stage.name).observe(watch.seconds)
            metrics.LAST_PROGRESS.labels(self._stage.name).set_to_current_time()

    async def _taken(self, message: Message, watch: Stopwatch) -> Ending:
        event = self._read(message, watch)
        with logged_with(call_id=getattr(event, "call_id", None)):
            if self._tracing is None:
                return await self._finish(message, event, watch)
            read = None if isinstance(event, GivenUp) else event
            with self._tracing.processing(message, read, watch.started_at) as ended:
                ending = await self._finish(message, event, watch)
                ended(*ending)
                return ending

    def _read(self, message: Message, watch: Stopwatch) -> Event | GivenUp:
        try:
            return decode(message.topic.content, message.value)
        except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
            failure = error if isinstance(error, UnreadableEvent) else self._failures.understood(error)
            return GivenUp(failure, type(error).__name__, Tries.of(message, watch.started_at), None)

    async def _finish(self, message: Message, event: Event | GivenUp, watch: Stopwatch) -> Ending:
        ending = await self._concluded(message, event, watch)
        logger.info("finished", extra={"result": ending.result, "took_s": round(watch.seconds, 3)})
        return ending

    async def _concluded(self, message: Message, event: Event | GivenUp, watch: Stopwatch) -> Ending:
        result = await self._worth_concluding(message, event, watch)
        if isinstance(result, GivenUp):
            return await self._ladder.give_up(message, result)
        published = result
        try:
            while published is not None:
                await self._publish(published)
                published = await self._superseding(published)
        except PermanentError as error:
            refused = GivenUp(error, type(error).__name__, Tries.of(message, watch.started_at), result)
            return await self._ladder.give_up(message, refused)
        return Ending("done")

    async def _publish(self, event: Event) -> None:
        """Publish an event, or the largest form of it that the brokers take."""
        while True:
            try:
                return await self._publisher.event(self._stage.produces, event)
            except PermanentError as refusal:
                smaller = self._agent.smaller(event)
                if smaller is None:
                    raise
                logger.warning("refused, published in a smaller form", extra={"error": refusal.message})
                event = smaller

    async def _worth_concluding(
        self, message: Message, event: Event | GivenUp, watch: Stopwatch
    ) -> Event | GivenUp | None:
        """Work on a message; while the brake is applied nothing is given up, and afterwards it is looked at anew."""
        is_replay = any(name == REPLAY for name, _ in message.headers)
        while True:
            await self.brake.passage()
            try:
                result = event if isinstance(event, GivenUp) else await self._attempts.result(message, event, watch)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not come back with the same message for ever
                failure = self._failures.understood(error)
                result = GivenUp(failure, type(error).__name__, Tries.of(message, watch.started_at), None)
            invalid = isinstance(result, GivenUp) and result.permanent
            if is_replay or not self.brake.note(invalid=invalid) or not invalid:
                return result

    async def _superseding(self, published: Event) -> Event | None:
        """Ask the agent until it answers what has to follow; a bug of its is no reason to ask for ever."""
        attempts = 0
        while True:
            try:
                return await self._agent.superseded(published)
            except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                attempts += 1
                failure = self._failures.understood(error)
                waits = isinstance(failure, TransientError) and failure.dependency is not None
                if not waits and attempts >= self._quick_tries:
                    return None
                await asyncio.sleep(self._failures.pause_s(attempts))
