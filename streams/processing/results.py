"""What is published of a result: what goes elsewhere first, the result in a form that fits, and what follows it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from schemas import Event
from streams.errors import PermanentError
from streams.processing.agent import Agent
from streams.processing.attempts import Result
from streams.processing.failures import FailureLog
from streams.processing.policy import shortest_pause_s
from streams.processing.publisher import Publisher
from streams.topics import Stage

logger = logging.getLogger(__name__)


class Results:
    """Publishes what came of one stage's events, each time until it is confirmed."""

    def __init__(
        self, stage: Stage, agent: Agent[Any], publisher: Publisher, failures: FailureLog, quick_tries: int
    ) -> None:
        """Publish where ``stage`` does; ask ``agent`` what is due, a broken one ``quick_tries`` times at the most."""
        self._stage = stage
        self._agent = agent
        self._publisher = publisher
        self._failures = failures
        self._quick_tries = quick_tries

    async def publish(self, result: Result) -> None:
        """Publish a result and all that comes with it; raises PermanentError if no broker takes it in any form."""
        if result.side_output is not None:
            await self._publisher.event(*result.side_output)
        async with self._agent.turn:
            due = await self._answer(lambda: self._agent.due(result.event), otherwise=result.event)
            while due is not None:
                await self._in_a_form_that_fits(due, result.value if due is result.event else None)
                confirmed = partial(self._agent.follow_up, result.event, due)
                due = await self._answer(confirmed, otherwise=None)

    async def _in_a_form_that_fits(self, event: Event, value: bytes | None = None) -> None:
        """Publish an event, or the largest form of it that the brokers take."""
        while True:
            try:
                return await self._publisher.event(self._stage.topic_of(event), event, value)
            except PermanentError as refusal:
                smaller = self._agent.smaller_form(event)
                if smaller is None:
                    raise
                logger.warning("refused, published in a smaller form", extra={"error": refusal.message})
                event, value = smaller, None

    async def _answer(self, ask: Callable[[], Awaitable[Event | None]], *, otherwise: Event | None) -> Event | None:
        """Ask the agent until it answers; where it will not, for a bug or for good, that means ``otherwise``."""
        failures = 0
        while True:
            try:
                return await ask()
            except Exception as error:  # noqa: BLE001 - nothing but cancellation may leave the runner
                failures += 1
                failure = self._failures.classify(error)
                is_bug = failure.dependency is None and failures >= self._quick_tries
                if is_bug or isinstance(failure, PermanentError):
                    logger.error("published, but it may come twice", extra={"error": failure.message})
                    return otherwise
                await asyncio.sleep(self._failures.backoff_s(failures, shortest_pause_s(failure)))
