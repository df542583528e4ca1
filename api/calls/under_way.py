"""Where a call is that has no outcome yet: Kafka is asked when somebody asks, once for all who ask at the same time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from api.access import Principal
from api.calls.resource import RETRY_AFTER_S, Progress
from api.problems import Problem
from streams.kafka import KafkaUnavailable
from streams.monitor import CallsUnderWay, Place
from streams.settings import KafkaSettings

_LIMIT_S = 5.0


class UnderWay:
    """The calls under way, as of the moment of a question. While nobody asks, nothing is read."""

    def __init__(self, kafka: KafkaSettings, most: int) -> None:
        """Know of ``most`` calls at the most."""
        self._calls = CallsUnderWay(kafka, most)
        self._thread = ThreadPoolExecutor(1, "under-way")
        self._running: asyncio.Task[KafkaUnavailable | None] | None = None
        self._next: asyncio.Task[KafkaUnavailable | None] | None = None

    async def find(self, call_id: str, who: Principal) -> Progress | None:
        """Return where a call is now; None: nothing of it waits or is in work that they may see.

        Raises:
            Problem: unavailable: a long backlog is still being read.
            KafkaUnavailable: The brokers do not answer or refuse.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._look_after(self._running))
        looking = self._next
        ended, _ = await asyncio.wait({looking}, timeout=_LIMIT_S)
        if not ended:
            raise Problem(
                "unavailable", "How far the calls are is still being read", headers={"Retry-After": str(RETRY_AFTER_S)}
            )
        if (away := looking.result()) is not None:
            raise away
        found = self._calls.find(call_id)
        if found is None or not who.scope.allows(found.scope):
            return None
        return _shown(found.place, is_braked=found.place.stage in self._calls.braked)

    async def close(self) -> None:
        """End what is being read; nobody may ask any more."""
        for task in filter(None, (self._next, self._running)):
            task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look_after(self, before: "asyncio.Task[KafkaUnavailable | None] | None") -> KafkaUnavailable | None:
        """Look when the look before has ended: what was published since it began, it may not have seen."""
        if before is not None:
            await asyncio.wait({before})
        self._running, self._next = self._next, None
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._calls.look)
        except KafkaUnavailable as away:
            return away
        return None


def _shown(place: Place, *, is_braked: bool) -> Progress:
    state = "retrying" if place.next_try_at else "braked" if is_braked else "waiting"
    return Progress(stage=place.stage, state=state, since=place.since, next_try_at=place.next_try_at, tries=place.tries)
