"""The tries of one event: quick ones with pauses, through the breaker that is open while a dependency is away."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from schemas import Event, Hop
from streams.errors import CallsiftError
from streams.message import Message, Tries
from streams.payloads.codec import EventCodec
from streams.processing.agent import Agent
from streams.processing.circuit_breaker import CircuitBreaker
from streams.processing.dead_letter import GivenUp
from streams.processing.failures import FailureLog
from streams.processing.policy import Then, after, shortest_pause_s
from streams.processing.stopwatch import Stopwatch
from streams.settings import RunnerSettings
from streams.topics import Topic


class Result(NamedTuple):
    """What came of an event, ready to be published."""

    event: Event
    """The result, stamped with this stage's hop."""
    value: bytes
    """The same, as it travels."""
    side_output: tuple[Topic, Event] | None
    """What is to be published before it, and where."""


_Need = Literal["work", "store"]
"""Whom a step of an attempt needs: whom the agent asks, or the store that turns lie in."""


@dataclass(slots=True)
class _Attempt:
    """What is known of one event's tries. A step that is done is not done again after a later one fails."""

    event: Event
    tries: Tries
    had_got_through: dict[_Need, int]
    """How many events with each need had got through when this one was taken."""
    needs: set[_Need] = field(default_factory=set)
    """Whom its steps need, as far as is known: without any it never waits."""
    whole: Event | None = None
    """The event with all its turns."""
    result: Event | None = None
    """What the work has made of it: asking again may cost money."""
    spent: int = 0
    """Tries that have failed since it was taken."""
    waits: int = 0
    """How often it was to be tried again without a try being spent."""

    @property
    def step_needs(self) -> _Need:
        """Whom the step needs that is done next: it is what failed, if something did."""
        return "store" if self.whole is None or self.result is not None else "work"


class Attempts:
    """Lets one stage's agent try an event until there is a result, or until the quick tries are over."""

    def __init__(
        self,
        stage: str,
        agent: Agent[Any],
        settings: RunnerSettings,
        *,
        breaker: CircuitBreaker,
        failures: FailureLog,
        codec: EventCodec,
    ) -> None:
        """Let ``agent`` work on events that ``codec`` makes whole, and have it make bytes of what comes of them."""
        self._stage = stage
        self._agent = agent
        self._settings = settings
        self._breaker = breaker
        self._failures = failures
        self._codec = codec
        self._got_through: dict[_Need, int] = {"work": 0, "store": 0}

    async def result(self, message: Message, event: Event, watch: Stopwatch) -> Result | GivenUp | None:
        """Work on a message's event; returns what is to be published, None for nothing, or why it was given up."""
        attempt = self._begun(message, event, watch)
        while True:
            asks = bool(attempt.needs)
            if asks:
                await self._breaker.acquire()
            try:
                async with asyncio.timeout(self._settings.work_limit_s):
                    result = await self._finish(attempt, watch)
            except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                failure = self._failures.classify(error)
            else:
                for need in attempt.needs:
                    self._got_through[need] += 1
                if asks:
                    self._breaker.succeeded()
                return result
            then = self._decide(message, attempt, failure)
            if then is Then.WAIT:
                attempt.waits += 1
                continue
            attempt.spent += 1
            attempt.tries = replace(attempt.tries, made=attempt.tries.made + 1)
            if then is Then.GIVE_UP:
                return GivenUp(failure, attempt.tries, event)
            await asyncio.sleep(self._failures.backoff_s(attempt.spent, shortest_pause_s(failure)))

    def _begun(self, message: Message, event: Event, watch: Stopwatch) -> _Attempt:
        attempt = _Attempt(event, Tries.of(message, watch.started_at), self._got_through.copy())
        if self._codec.in_store(event):
            attempt.needs.add("store")
        else:
            attempt.whole = event
        if self._agent.needs_dependency(event):
            attempt.needs.add("work")
        return attempt

    async def _finish(self, attempt: _Attempt, watch: Stopwatch) -> Result | None:
        """Do what is left to do of an attempt. Raises what the steps raise."""
        if attempt.whole is None:
            attempt.whole = await self._codec.inflate(attempt.event)
        if attempt.result is None:
            attempt.result = await self._agent.work(attempt.whole)
        if attempt.result is None:
            return None
        made = attempt.tries.made + 1
        hop = Hop(stage=self._stage, taken_at=watch.started_at, finished_at=watch.at, attempts=made)
        stamped = attempt.result.stamped(hop)
        encoded = await self._codec.encode(stamped)
        if encoded.stored:
            attempt.needs.add("store")
        return Result(stamped, encoded.value, self._agent.side_output(attempt.event, attempt.result))

    def _decide(self, message: Message, attempt: _Attempt, failure: CallsiftError) -> Then:
        need = attempt.step_needs
        streak = False
        if failure.dependency is not None:
            attempt.needs.add(need)  # whatever the agent says: turns have to reach the store
            streak = self._breaker.failed(message.position)
        decision = after(
            failure,
            tries=attempt.spent + 1,
            waits=attempt.waits,
            quick_tries=self._settings.quick_tries,
            others_got_through=self._got_through[need] != attempt.had_got_through[need],
            streak=streak,
            away=self._breaker.open_for is not None,
        )
        if decision.away and failure.dependency is not None:
            self._breaker.open(failure)
        return decision.then
