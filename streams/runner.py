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
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from schemas import Event, Hop
from streams import metrics
from streams.brake import Brake
from streams.catalogue import DEAD_LETTER, RETRIES, Stage, Topic
from streams.claimed_turns import ClaimedTurns, WorkOnWhole
from streams.decoding import decode
from streams.errors import CallsiftError, PermanentError, TookTooLong, TransientError, UnreadableEvent
from streams.letters import GivenUp, dead_letter
from streams.logs import logged_with
from streams.message import REPLAY, Headers, Message, Tries
from streams.outage import OutageGate
from streams.settings import RunnerSettings

logger = logging.getLogger(__name__)
TakenT = TypeVar("TakenT", bound=Event, contravariant=True)


class Agent(Protocol[TakenT]):
    """The work of a stage. It may be repeated for the same event, also in another process, and must then do no harm."""

    async def start(self) -> None:
        """Get ready before the first event; raise CallsiftError if the worker cannot work. As a rule nothing to do."""
        return

    async def work(self, event: TakenT, /) -> Event | None:
        """Return the event that comes of this one, or None where nothing does.

        Raises:
            PermanentError: The event belongs on the dead-letter topic.
            TransientError: The event may succeed later.
        """
        ...

    def depends(self, _event: TakenT, /) -> bool:
        """Tell whether the work on an event asks anybody else: only then it waits while a dependency is away."""
        return True

    def aside(self, _event: TakenT, _result: Event, /) -> tuple[Topic, Event] | None:
        """Return what has to be published besides the result of an event, and where; as a rule nothing."""
        return None

    async def superseded(self, published: Any, /) -> Event | None:
        """Return what has to be published after ``published``, which the broker has confirmed; as a rule nothing."""
        return None

    async def stop(self) -> None:
        """Give back what ``start`` took. As a rule nothing."""
        return


class Publish(Protocol):
    """Publishes a message and returns when the broker has confirmed it; raises otherwise."""

    def __call__(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> Awaitable[None]:
        """Publish; raises PermanentError for a message that no broker takes, anything else if it may be repeated."""


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
        on_pause: Callable[[str | None], None] = lambda _: None,
        apply_brake: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make the runner of ``stage``.

        Args:
            stage: The stage.
            agent: Its work.
            publish: Where results go.
            settings: How patient to be.
            turns: Where the turns of large transcripts lie; None: every event is published as it is.
            on_pause: Told what the stage waits for when it pauses, and None when it goes on.
            apply_brake: Tells the stage's other workers, with the reason, that nearly everything is invalid.
        """
        self._stage = stage
        self._agent = agent
        self._publish = publish
        self._settings = settings
        self._turns = turns
        self._store_answers = 0  # events whose turns came from the store or went there
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

    @property
    def waits_for(self) -> str | None:
        """What the stage waits for on purpose; None: it takes events."""
        return self.gate.away or self.brake.reason

    async def take(self, message: Message) -> None:
        """Take a message to its end: returns when the broker has confirmed what came of it, and raises nothing."""
        taken_at, started = datetime.now(UTC), time.monotonic()
        with logged_with(stage=self._stage.name, position=message.position):
            result = await self._worth_concluding(message, taken_at)
            ending, event = await self._conclude(message, result)
            seconds = time.monotonic() - started
            metrics.EVENTS.labels(self._stage.name, ending).inc()
            metrics.STAGE_SECONDS.labels(self._stage.name).observe(seconds)
            metrics.LAST_PROGRESS.labels(self._stage.name).set_to_current_time()
            call_id = getattr(event, "call_id", None)
            logger.info("finished", extra={"call_id": call_id, "result": ending, "took_s": round(seconds, 3)})

    async def _worth_concluding(self, message: Message, taken_at: datetime) -> Event | GivenUp | None:
        """Work on a message; while the brake is applied nothing is given up, and afterwards it is looked at anew."""
        is_replay = any(name == REPLAY for name, _ in message.headers)
        while True:
            await self.brake.passage()
            try:
                result = await self._result(message, taken_at)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not come back with the same message for ever
                failure = self._understood(error)
                result = GivenUp(failure, type(error).__name__, Tries.of(message, taken_at), None)
            invalid = isinstance(result, GivenUp) and result.permanent
            if is_replay or not self.brake.note(invalid=invalid) or not invalid:
                return result

    async def _result(self, message: Message, taken_at: datetime) -> Event | GivenUp | None:
        """Decode and work until there is a result, or until the quick tries are over."""
        tries = Tries.of(message, taken_at)
        try:
            event = decode(message.topic.event, message.value)
        except UnreadableEvent as error:
            return GivenUp(error, type(error).__name__, tries, None)
        with logged_with(call_id=getattr(event, "call_id", None)):
            work = WorkOnWhole(event, self._agent.work, self._turns)
            quick, depends = 0, work.waits_for_store or self._agent.depends(event)
            got_through, stored = self.gate.successes, self._store_answers
            while True:
                if depends:
                    await self.gate.passage()
                try:
                    async with asyncio.timeout(self._settings.work_limit_s):
                        result = await work.finish()
                except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                    failure = self._understood(error)
                else:
                    self._store_answers += work.used_store
                    if depends:
                        self.gate.succeeded()
                    hop = Hop(
                        stage=self._stage.name,
                        taken_at=taken_at,
                        finished_at=datetime.now(UTC),
                        attempts=tries.made + 1,
                    )
                    if result is None:
                        return None
                    if (aside := self._agent.aside(event, result)) is not None:
                        await self._confirmed(*aside)
                    return result.stamped(hop)
                quick += 1
                used_up = quick >= (getattr(failure, "attempts_worth_making", None) or self._settings.quick_tries)
                if isinstance(failure, TransientError) and failure.dependency is not None:
                    depends = True  # whatever the agent says: turns have to reach the store
                    # No other event that needed the same got through since this one was taken. Few need the store.
                    needs_store = work.waits_for_store
                    alone = (self._store_answers == stored) if needs_store else (self.gate.successes == got_through)
                    telling = used_up and alone and failure.one_event_tells
                    self.gate.failed(message.position, failure, used_up=telling)
                    if self.gate.away is not None and (failure.one_event_tells or not used_up):
                        continue  # the dependency's fault, not the event's: no try is spent
                tries = replace(tries, made=tries.made + 1)
                if isinstance(failure, PermanentError) or (used_up and message.topic is not DEAD_LETTER):
                    return GivenUp(failure, type(failure).__name__, tries, event)
                await asyncio.sleep(self._pause_s(quick))

    def _understood(self, error: Exception) -> CallsiftError:
        """Name the kind of a failure, count it, and log it once."""
        if isinstance(error, CallsiftError):
            kind = "permanent" if isinstance(error, PermanentError) else "transient"
            logger.warning("try failed", extra={"kind": kind, "error": error.message})
            failure = error
        elif isinstance(error, TimeoutError):
            kind = "transient"
            limit_s = self._settings.work_limit_s
            failure = TookTooLong(
                f"no result within {limit_s:g} s", "Raise CALLSIFT_RUNNER_WORK_LIMIT_S if it may take"
            )
            logger.warning("try failed", extra={"kind": kind, "error": failure.message})
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

    def _pause_s(self, quick: int) -> float:
        """Return the seconds before the next quick try: full jitter, at most a minute."""
        return random.uniform(0, min(60.0, self._settings.backoff_s * 2 ** min(quick - 1, 20)))  # noqa: S311 - not a secret

    async def _conclude(self, message: Message, result: Event | GivenUp | None) -> tuple[str, Event | None]:
        """Publish what came of a message; returns how it ended, for the metric, and its event."""
        if isinstance(result, GivenUp):
            return await self._give_up(message, result), result.event
        try:
            published = result
            while published is not None:
                await self._confirmed(self._stage.gives, published)
                published = await self._superseding(published)
        except PermanentError as error:
            refused = GivenUp(error, type(error).__name__, Tries.of(message, datetime.now(UTC)), result)
            return await self._give_up(message, refused), result
        return "done", result

    async def _give_up(self, message: Message, given_up: GivenUp) -> str:
        """Send a message up the ladder: to the next retry topic, or to the dead letters."""
        error, tries = given_up.error, given_up.tries
        if message.topic is DEAD_LETTER:
            # It is kept where it is; a dead letter about a dead letter would never end.
            logger.error("dead letter left where it is", extra={"error": error.message})
            return "left"
        worth_making = getattr(error, "attempts_worth_making", None)
        worth_another = worth_making is None or tries.made < worth_making
        if not given_up.permanent and worth_another and tries.retries < len(RETRIES):
            topic = RETRIES[tries.retries]
            logger.warning("tried again later", extra={"topic": topic.name, "error": error.message})
            try:
                await self._repeated(topic, message.key, message.value, tries.headers(message))
            except PermanentError as refusal:  # the headers made it too large: there is no later for it
                logger.warning("retry topic refuses it", extra={"topic": topic.name, "error": refusal.message})
            else:
                return "retry"
        letter = dead_letter(self._stage.name, message, given_up, datetime.now(UTC))
        logger.error(
            "gave up, dead letter",
            extra={
                "call_id": letter.call_id,
                "error_type": letter.error_type,
                "error": error.message,
                "cure": error.cure,
            },
        )
        try:
            await self._confirmed(DEAD_LETTER, letter)
        except PermanentError:  # too large even for that: the position says where the original is
            cure = f"{letter.cure}. The original is too large to keep; it stays at {message.position} for a while"
            await self._confirmed(DEAD_LETTER, letter.model_copy(update={"value": None, "headers": (), "cure": cure}))
        return "dead_letter"

    async def _superseding(self, published: Event) -> Event | None:
        """Ask the agent until it answers what has to follow."""
        attempts = 0
        while True:
            try:
                return await self._agent.superseded(published)
            except Exception as error:  # noqa: BLE001 - as above
                attempts += 1
                self._understood(error)
                await asyncio.sleep(self._pause_s(attempts))

    async def _confirmed(self, topic: Topic, event: Event) -> None:
        call_id = getattr(event, "call_id", None)
        await self._repeated(topic, call_id.encode() if call_id else None, event.model_dump_json().encode(), ())

    async def _repeated(self, topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Publish until the broker confirms: a message is never acknowledged before what came of it is safe."""
        attempts = 0
        while True:
            try:
                return await self._publish(topic, key=key, value=value, headers=headers)
            except PermanentError:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                attempts += 1
                metrics.PUBLISH_RETRIES.labels(self._stage.name).inc()
                logger.warning(
                    "not confirmed, trying again", extra={"topic": topic.name, "error": type(error).__name__}
                )
                await asyncio.sleep(self._pause_s(attempts))
