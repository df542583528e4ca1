"""What a stage does while something it depends on is away: it pauses, spends no tries, probes, and goes on.

A dependency is away when it is certain (a refused connection), when several events in a row fail for want of it, or
when one event has used its quick tries and no other event got through meanwhile (streams/processing/policy.py). Kafka
holds the backlog for as long as it takes; no outage, however long, makes dead letters. An event that goes on failing
while others get through is itself at fault, and its tries count.
"""

import asyncio
import logging
from collections.abc import Callable

from streams.errors import CallsiftError
from streams.processing.policy import shortest_pause_s

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """One stage's breaker: closed as a rule, open while a dependency is away."""

    def __init__(
        self, *, streak: int, probe_s: float, longest_probe_s: float, on_change: Callable[[str | None], None]
    ) -> None:
        """Make a closed breaker.

        Args:
            streak: Different events that must fail in a row for their dependency to count as away.
            probe_s: Seconds before the first probe; doubles with each further one.
            longest_probe_s: Seconds between probes at the most, unless the dependency asks for more.
            on_change: Told the dependency when the breaker opens, and None when it closes.
        """
        self._streak = streak
        self._probe_s = probe_s
        self._longest_probe_s = longest_probe_s
        self._on_change = on_change
        self._failing: set[str] = set()
        self._pause_s = probe_s
        self._turn = asyncio.Lock()
        self._closed = asyncio.Event()
        self._closed.set()
        self.open_for: str | None = None
        """The dependency that is away; None: the breaker is closed."""

    async def acquire(self) -> None:
        """Return at once while the breaker is closed. While it is open, one event after the other goes as a probe."""
        while self.open_for is not None:
            async with self._turn:  # the next one in the queue is the next probe
                if self.open_for is None:
                    return
                pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, self._longest_probe_s)
                try:
                    async with asyncio.timeout(pause_s):  # wait_for loses cancellations before 3.12
                        await self._closed.wait()
                except TimeoutError:
                    return

    def succeeded(self) -> None:
        """An event got through: the breaker closes."""
        self._failing.clear()
        if self.open_for is not None:
            logger.info("dependency is back, the stage goes on", extra={"dependency": self.open_for})
            self.open_for = None
            self._closed.set()
            self._on_change(None)

    def failed(self, event: str) -> bool:
        """Count an event that failed for want of a dependency; tells whether that makes a streak of different ones."""
        self._failing.add(event)
        return len(self._failing) >= self._streak

    def open(self, failure: CallsiftError) -> None:
        """What ``failure`` names is away; the next probe waits as long as it asks to be left alone."""
        if self.open_for is None:
            self.open_for = failure.dependency
            self._pause_s = self._probe_s
            self._closed.clear()
            logger.error(
                "dependency is away, the stage pauses", extra={"dependency": self.open_for, "cure": failure.cure}
            )
            self._on_change(self.open_for)
        self._pause_s = max(self._pause_s, shortest_pause_s(failure))
