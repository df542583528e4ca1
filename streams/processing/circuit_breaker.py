"""What a stage does while something it depends on is away: it pauses, spends no tries, probes, and goes on.

A dependency is away when it is certain (a refused connection), when several events in a row fail for want of it, or
when one event has used its quick tries and no other event got through meanwhile. Kafka holds the backlog for as long as
it takes; no outage, however long, makes dead letters. An event that goes on failing while others get through is itself
at fault, and its tries count.
"""

import asyncio
import logging
from collections.abc import Callable

from streams.errors import DependencyDown, TransientError

logger = logging.getLogger(__name__)


class OutageGate:
    """One stage's gate: open as a rule, closed while a dependency is away."""

    def __init__(
        self, *, streak: int, probe_s: float, longest_probe_s: float, on_change: Callable[[str | None], None]
    ) -> None:
        """Make an open gate.

        Args:
            streak: Different events that must fail in a row for the gate to close.
            probe_s: Seconds before the first probe; doubles with each further one.
            longest_probe_s: Seconds between probes at the most.
            on_change: Told the dependency when the gate closes, and None when it opens.
        """
        self._streak = streak
        self._probe_s = probe_s
        self._longest_probe_s = longest_probe_s
        self._on_change = on_change
        self._failing: set[str] = set()
        self._pause_s = probe_s
        self._turn = asyncio.Lock()
        self._opened = asyncio.Event()
        self._opened.set()
        self.away: str | None = None
        """The dependency that is away; None: the gate is open."""
        self.successes = 0
        """Events that got through so far: what fails while this grows is itself at fault."""

    async def passage(self) -> None:
        """Return at once while the gate is open. While it is closed, one event after the other passes as a probe."""
        while self.away is not None:
            async with self._turn:  # the next one in the queue is the next probe
                if self.away is None:
                    return
                pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, self._longest_probe_s)
                try:
                    await asyncio.wait_for(self._opened.wait(), pause_s)
                except TimeoutError:
                    return

    def succeeded(self) -> None:
        """An event got through."""
        self.successes += 1
        self._failing.clear()
        if self.away is not None:
            logger.info("dependency is back, the stage goes on", extra={"dependency": self.away})
            self.away = None
            self._opened.set()
            self._on_change(None)

    def failed(self, event: str, error: TransientError, *, used_up: bool) -> None:
        """An event failed for want of a dependency; ``used_up``: its quick tries are over and no other got through."""
        self._failing.add(event)
        if self.away is None and (isinstance(error, DependencyDown) or used_up or len(self._failing) >= self._streak):
            self.away = error.dependency or "a dependency"
            self._pause_s = self._probe_s
            self._opened.clear()
            logger.error("dependency is away, the stage pauses", extra={"dependency": self.away, "cure": error.cure})
            self._on_change(self.away)
