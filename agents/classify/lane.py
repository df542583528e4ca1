"""The reprocessing lane's agent: classifies as the stage does, at a walk, because the sink serves live calls too."""

import asyncio
import time

from agents.classify.agent import ClassifyAgent
from agents.classify.classifier import Classifier
from agents.classify.limits import Bucket
from schemas import CallClassified, CallTranscribed, Taxonomy

_MINUTE_S = 60.0


class LaneAgent(ClassifyAgent):
    """Turns CallTranscribed into CallClassified, no more than so many a minute."""

    def __init__(self, classifier: Classifier, taxonomy: Taxonomy, confidence_floor: float, per_minute: int) -> None:
        """Make the agent; below ``confidence_floor`` (0 to 1) a call is Uncertain."""
        super().__init__(classifier, taxonomy, confidence_floor)
        self._bucket = Bucket(per_minute, _MINUTE_S, time.monotonic)
        self._turn = asyncio.Lock()

    async def work(self, call: CallTranscribed) -> CallClassified:
        """Classify a call when it is its turn."""
        async with self._turn:
            await asyncio.sleep(self._bucket.missing_s(1))
            self._bucket.take(1)
        return await super().work(call)
