"""The tries of one event: quick ones with pauses, through the gate that closes while a dependency is away."""

import asyncio
from dataclasses import replace
from typing import Any

from schemas import Event, Hop
from streams.errors import PermanentError, TransientError
from streams.message import Message, Tries
from streams.payloads.claimed_turns import ClaimedTurns, WorkOnWhole
from streams.processing.agent import Agent
from streams.processing.circuit_breaker import OutageGate
from streams.processing.failures import Failures
from streams.processing.letters import GivenUp
from streams.processing.publisher import Publisher
from streams.processing.stopwatch import Stopwatch
from streams.settings import RunnerSettings


class Attempts:
    """Lets one stage's agent try an event until there is a result, or until the quick tries are over."""

    def __init__(
        self,
        stage: str,
        agent: Agent[Any],
        settings: RunnerSettings,
        *,
        gate: OutageGate,
        failures: Failures,
        publisher: Publisher,
        turns: ClaimedTurns | None,
    ) -> None:
        """Let ``agent`` work; what goes elsewhere besides its result goes through ``publisher``."""
        self._stage = stage
        self._agent = agent
        self._settings = settings
        self._gate = gate
        self._failures = failures
        self._publisher = publisher
        self._turns = turns
        self._store_answers = 0  # events whose turns came from the store or went there

    async def result(self, message: Message, event: Event, watch: Stopwatch) -> Event | GivenUp | None:
        """Work on a message's event; returns what is to be published, None for nothing, or why it was given up."""
        tries = Tries.of(message, watch.started_at)
        work = WorkOnWhole(event, self._agent.work, self._turns)
        quick, depends = 0, work.waits_for_store or self._agent.depends(event)
        got_through, stored = self._gate.successes, self._store_answers
        while True:
            if depends:
                await self._gate.passage()
            try:
                async with asyncio.timeout(self._settings.work_limit_s):
                    result = await work.finish()
            except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                failure = self._failures.understood(error)
            else:
                self._store_answers += work.used_store
                if depends:
                    self._gate.succeeded()
                return await self._stamped(event, result, watch, tries.made + 1)
            quick += 1
            used_up = quick >= (getattr(failure, "attempts_worth_making", None) or self._settings.quick_tries)
            if isinstance(failure, TransientError) and failure.dependency is not None:
                depends = True  # whatever the agent says: turns have to reach the store
                # No other event that needed the same got through since this one was taken. Few need the store.
                needs_store = work.waits_for_store
                alone = (self._store_answers == stored) if needs_store else (self._gate.successes == got_through)
                telling = used_up and alone and failure.one_event_tells
                self._gate.failed(message.position, failure, used_up=telling)
                if self._gate.away is not None and (failure.one_event_tells or not used_up):
                    continue  # the dependency's fault, not the event's: no try is spent
            tries = replace(tries, made=tries.made + 1)
            if isinstance(failure, PermanentError) or used_up:
                return GivenUp(failure, type(failure).__name__, tries, event)
            await asyncio.sleep(self._failures.pause_s(quick))

    async def _stamped(self, event: Event, result: Event | None, watch: Stopwatch, attempts: int) -> Event | None:
        """Publish what goes elsewhere besides the result, and write this stage's hop into the result."""
        if result is None:
            return None
        hop = Hop(stage=self._stage, taken_at=watch.started_at, finished_at=watch.at, attempts=attempts)
        if (aside := self._agent.aside(event, result)) is not None:
            await self._publisher.event(*aside)
        return result.stamped(hop)
