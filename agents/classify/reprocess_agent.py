"""The reprocessing lane's agent: classifies as the stage does, rate-limited, because the sink serves live calls too."""

import asyncio
import time

from agents.classify.agent import ClassifyAgent
from agents.classify.deciders import Deciders
from agents.classify.hosted import TokenBucket
from schemas import CallClassified, CallTranscribed

_MINUTE_S = 60.0


class ReprocessAgent(ClassifyAgent):
    """Turns CallTranscribed into CallClassified, no more than so many a minute."""

    def __init__(self, deciders: Deciders, confidence_floor: float, per_minute: int) -> None:
        """Make the agent; below ``confidence_floor`` (0 to 1) a call is Uncertain."""
        super().__init__(deciders, confidence_floor)
        self._bucket = TokenBucket(per_minute, _MINUTE_S, time.monotonic)
        self._queue = asyncio.Lock()

    async def work(self, call: CallTranscribed) -> CallClassified:
        """Classify a call as soon as the rate allows it."""
        async with self._queue:
            await asyncio.sleep(self._bucket.missing_s(1))
            self._bucket.take(1)
        return await super().work(call)
