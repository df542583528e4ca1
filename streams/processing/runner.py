"""The stage runner: takes a message to its end, whatever happens on the way.

decode → work → publish and wait for the broker's confirmation → return, so that the window may acknowledge. Nothing but
cancellation ever leaves it as an exception: an exception that leaves a Faust agent acknowledges the event.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas import Event
from streams import metrics
from streams.decoding import decode, readable_call_id
from streams.errors import CallsiftError, PermanentError, UnreadableEvent
from streams.logs import logged_with
from streams.message import Message, Tries
from streams.payloads.codec import INLINE, EventCodec
from streams.processing.agent import Agent
from streams.processing.attempts import Attempts, Result
from streams.processing.brake import Brake
from streams.processing.circuit_breaker import CircuitBreaker
from streams.processing.dead_letter import GivenUp
from streams.processing.escalation import Ending, Escalation
from streams.processing.failures import FailureLog
from streams.processing.publisher import Publish, Publisher
from streams.processing.results import Results
from streams.processing.spans import NO_TRACING, Spans
from streams.processing.stopwatch import Stopwatch
from streams.settings import RunnerSettings
from streams.topics import OUTCOMES, Stage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How patient a runner is where no installation needs another answer."""

    backoff_s: float = 0.5
    """Seconds before the second try at the most; doubles with each further one, chosen at random below that."""
    outage_streak: int = 5
    """Different events that must fail in a row for want of what they depend on for the stage to pause."""
    probe_s: float = 1.0
    """Seconds before a paused stage probes whether the dependency is back; doubles with each further probe."""
    longest_probe_s: float = 30.0
    """Seconds between two probes at the most."""
    brake_sample: int = 50
    """How many of the last events are looked at to see whether nearly everything is invalid."""
    brake_share: float = 0.9
    """Share of invalid ones among them from which the stage stops until ``callsift brake release``."""


PATIENCE = Patience()


class StageRunner:
    """Runs one stage's agent on one message at a time; many may be under way at once."""

    def __init__(
        self,
        stage: Stage,
        agent: Agent[Any],
        publish: Publish,
        settings: RunnerSettings,
        *,
        turns: EventCodec = INLINE,
        tracing: Spans = NO_TRACING,
        on_pause: Callable[[str | None], None] = lambda _: None,
        apply_brake: Callable[[str], None] = lambda _: None,
        is_forgotten: Callable[[str], bool] = lambda _: False,
        start_watch: Callable[[], Stopwatch] = Stopwatch,
        patience: Patience = PATIENCE,
        prefix: str = "",
    ) -> None:
        """Make the runner of ``stage``.

        Args:
            stage: The stage.
            agent: Its work.
            publish: Where results go.
            settings: How patient to be, as the installation says.
            turns: Where the turns of large transcripts lie.
            tracing: Makes the spans.
            on_pause: Told what the stage waits for when it pauses, and None when it goes on.
            apply_brake: Tells the stage's other workers, with the reason, that nearly everything is invalid.
            is_forgotten: Tells whether a call is forgotten: nothing is made of it, and nothing published.
            start_watch: Starts the stopwatch of one message.
            patience: How patient to be otherwise.
            prefix: The prefix of the topics, which outcomes name as where they come from.
        """
        self._stage = stage
        self._tracing = tracing
        self._is_forgotten = is_forgotten
        self._start_watch = start_watch
        self.breaker = CircuitBreaker(
            streak=patience.outage_streak,
            probe_s=patience.probe_s,
            longest_probe_s=patience.longest_probe_s,
            on_change=lambda _: on_pause(self.waits_for),
        )
        self.brake = Brake(
            sample=patience.brake_sample,
            share=patience.brake_share,
            on_change=lambda _: on_pause(self.waits_for),
            apply=apply_brake,
        )
        self._failures = FailureLog(stage.name, work_limit_s=settings.work_limit_s, backoff_s=patience.backoff_s)
        self._publisher = publisher = Publisher(stage.name, publish, self._failures, tracing, prefix)
        self._attempts = Attempts(
            stage.name, agent, settings, breaker=self.breaker, failures=self._failures, codec=turns
        )
        self._results = Results(stage, agent, publisher, self._failures, settings.quick_tries)
        self._escalation = Escalation(stage.name, publisher)

    @property
    def waits_for(self) -> str | None:
        """What the stage waits for on purpose; None: it takes events."""
        return self.breaker.open_for or self.brake.reason

    async def take(self, message: Message) -> None:
        """Take a message to its end: returns when the broker has confirmed what came of it, and raises nothing."""
        watch = self._start_watch()
        with logged_with(stage=self._stage.name, position=message.position):
            try:
                event = self._read(message, watch)
                readable = None if isinstance(event, GivenUp) else event
                with (
                    logged_with(call_id=getattr(readable, "call_id", None)),
                    self._tracing.processing(message, readable, watch.started_at) as span_ended,
                ):
                    ending = await self._ending(message, event, watch)
                    logger.info("finished", extra={"result": ending.result, "took_s": round(watch.seconds, 3)})
                    span_ended(*ending)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not come back with the same message for ever
                ending = await self._escalation.set_aside(message, self._failures.classify(error))
            metrics.EVENTS.labels(self._stage.name, ending.result).inc()
            metrics.STAGE_SECONDS.labels(self._stage.name).observe(watch.seconds)
            metrics.LAST_PROGRESS.labels(self._stage.name).set_to_current_time()

    def _read(self, message: Message, watch: Stopwatch) -> Event | GivenUp:
        try:
            return decode(message.topic.content, message.value)
        except UnreadableEvent as unreadable:
            return _given_up(unreadable, message, watch)
        except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
            return _given_up(self._failures.classify(error), message, watch)

    async def _ending(self, message: Message, event: Event | GivenUp, watch: Stopwatch) -> Ending:
        """Work on a message and publish what comes of it, unless its call is forgotten before or meanwhile."""
        call_id = getattr(event, "call_id", None) or readable_call_id(message.value, message.key)
        await self.brake.released()
        result = None
        if call_id is None or not self._is_forgotten(call_id):
            result = await self._result(message, event, watch)
        if call_id is None or not self._is_forgotten(call_id):
            return await self._deliver(message, result, watch)
        if self._stage.produces is OUTCOMES:  # of a repeated message an outcome may have come after the tombstone
            await self._publisher.tombstone(OUTCOMES, call_id)
        return Ending("forgotten")

    async def _result(self, message: Message, event: Event | GivenUp, watch: Stopwatch) -> Result | GivenUp | None:
        """Work on a message; while the brake is applied nothing is given up, and afterwards it is looked at again."""
        while True:
            await self.brake.released()
            try:
                result = event if isinstance(event, GivenUp) else await self._attempts.result(message, event, watch)
            except Exception as error:  # noqa: BLE001 - as above
                result = _given_up(self._failures.classify(error), message, watch)
            invalid = isinstance(result, GivenUp) and result.permanent
            if message.is_replay or not self.brake.note(invalid=invalid) or not invalid:
                return result

    async def _deliver(self, message: Message, result: Result | GivenUp | None, watch: Stopwatch) -> Ending:
        """Publish what came of a message; what no broker takes, and what was given up, goes another way."""
        if isinstance(result, GivenUp):
            return await self._escalation.give_up(message, result)
        if result is not None:
            try:
                await self._results.publish(result)
            except PermanentError as refusal:
                return await self._escalation.give_up(message, _given_up(refusal, message, watch, result.event))
        return Ending("done")


def _given_up(error: CallsiftError, message: Message, watch: Stopwatch, event: Event | None = None) -> GivenUp:
    return GivenUp(error, Tries.of(message, watch.started_at), event)
