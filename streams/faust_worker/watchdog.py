"""The watchdog: a worker whose consumer has silently stopped ends itself, so that it is started again.

Faust's known weakness is a consumer that stops after a rebalance or the loss of a broker, without an error. The
watchdog looks from a thread of its own, because a hung event loop would not look, and asks the brokers for the lag
itself, because a consumer that has stopped does not know it. It ends the process at once, since a hung worker ignores
SIGTERM.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

logger = logging.getLogger(__name__)

EXIT_STALLED = 71
_INTERVAL_S = 5.0
_CRASH_LIMIT_S = 10.0
_REBALANCE_LIMIT_S = 60.0

Partitions = frozenset[tuple[str, int]]
"""Topic and partition."""


class Sight(NamedTuple):
    """What the watchdog sees of a worker at one moment."""

    partitions: Partitions
    progress: int
    """Grows with every event that is taken."""
    finished: int
    """Grows with every event that is taken to its end."""
    in_flight: int
    """Events in work; each has a time limit of its own."""
    paused: bool
    """Whether the stage waits on purpose."""
    rebalancing: bool
    crashed: bool
    stopping: bool


class Watchdog:
    """Decides whether a worker is stuck."""

    def __init__(
        self, look: Callable[[], Sight], *, stall_limit_s: float, stop_limit_s: float, hold_limit_s: float
    ) -> None:
        """Watch a worker.

        Args:
            look: Shows it.
            stall_limit_s: Seconds without progress while events wait.
            stop_limit_s: Seconds for an orderly end.
            hold_limit_s: Seconds in which nothing that is in work is taken to its end.
        """
        self._look = look
        self._limits_s = {
            "crashed": _CRASH_LIMIT_S,
            "stopping": stop_limit_s,
            "rebalancing": _REBALANCE_LIMIT_S,
            "stalled": stall_limit_s,
            "held": hold_limit_s,
        }
        self._complaint: str | None = None
        self._since = 0.0
        self._progress = (-1, -1)

    def verdict(self, lag: Callable[[Partitions], int | None], now_s: float) -> str | None:
        """Return why the worker must end, or None.

        Args:
            lag: Asks the brokers how many events wait on some partitions; None: they do not answer.
            now_s: Seconds on a clock that only goes forward.
        """
        complaint = self._complaint_about(self._look(), lag)
        if complaint != self._complaint:
            self._complaint, self._since = complaint, now_s
        if complaint is not None and now_s - self._since >= self._limits_s[complaint]:
            return complaint
        return None

    def start(self, lag: Callable[[Partitions], int | None]) -> None:
        """Watch from a thread until the process ends, and end it if it is stuck."""
        threading.Thread(target=self._watch, args=(lag,), name="watchdog", daemon=True).start()

    def _complaint_about(self, sight: Sight, lag: Callable[[Partitions], int | None]) -> str | None:
        progress = (sight.progress, sight.finished)
        moved, self._progress = progress != self._progress, progress
        for complaint in ("crashed", "stopping", "rebalancing"):
            if getattr(sight, complaint):
                return complaint
        if moved or not sight.partitions or sight.paused:
            return None
        if sight.in_flight:
            return "held"
        # no answer is no lag: while the brokers are away there is nothing to take
        return "stalled" if lag(sight.partitions) else None

    def _watch(self, lag: Callable[[Partitions], int | None]) -> None:
        while True:
            time.sleep(_INTERVAL_S)
            try:
                complaint = self.verdict(lag, time.monotonic())
            except Exception as error:  # noqa: BLE001 - a watchdog that dies silently watches nothing
                logger.error("the watchdog could not look", extra={"error_type": type(error).__name__})
                continue
            if complaint is not None:
                logger.critical("worker is stuck, ending it", extra={"complaint": complaint})
                os._exit(EXIT_STALLED)
