"""The watchdog: a worker whose consumer has silently stopped ends itself, so that it is started again.

Faust's known weakness is a consumer that stops after a rebalance or the loss of a broker, without an error. The
watchdog looks from a thread of its own, because a hung event loop would not look, and asks the brokers for the lag
itself, because a consumer that has stopped does not know it. It ends the process at once, since a hung worker ignores
SIGTERM, and leaves behind where every thread stood.
"""

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from streams.kafka.ranges import Partition

logger = logging.getLogger(__name__)

EXIT_STALLED = 71
_INTERVAL_S = 5.0
_CRASH_LIMIT_S = 10.0
_REBALANCE_MARGIN_S = 40.0
"""What a rebalance may take beyond what its members may make it wait."""

Partitions = frozenset[Partition]

Lag = Callable[[Partitions], int | None]
"""Asks the brokers how many events wait on some partitions; None: they do not answer."""


class WorkerState(NamedTuple):
    """A worker at one moment."""

    partitions: Partitions
    submitted: int
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
        self,
        state: Callable[[], WorkerState],
        *,
        stall_limit_s: float,
        stop_limit_s: float,
        hold_limit_s: float,
        rebalance_s: float,
    ) -> None:
        """Watch a worker.

        Args:
            state: Tells the worker's present state.
            stall_limit_s: Seconds without progress while events wait.
            stop_limit_s: Seconds for an orderly end.
            hold_limit_s: Seconds in which nothing that is in work is taken to its end.
            rebalance_s: Seconds that a rebalance waits for its members, the hand-over of this one included.
        """
        self._state = state
        self._limits_s = {
            "crashed": _CRASH_LIMIT_S,
            "stopping": stop_limit_s,
            "rebalancing": 2 * rebalance_s + _REBALANCE_MARGIN_S,
            "stalled": stall_limit_s,
            "held": hold_limit_s,
        }
        self._reason: str | None = None
        self._since_s = 0.0
        self._progress = (-1, -1)

    def verdict(self, lag: Lag, now_s: float) -> str | None:
        """Return why the worker must end, or None; ``now_s`` is on a clock that only goes forward."""
        reason = self._stuck_reason(self._state(), lag)
        if reason != self._reason:
            self._reason, self._since_s = reason, now_s
        if reason is not None and now_s - self._since_s >= self._limits_s[reason]:
            return reason
        return None

    def start(self, lag: Lag) -> None:
        """Watch from a thread until the process ends, and end it if it is stuck."""
        threading.Thread(target=self._watch, args=(lag,), name="watchdog", daemon=True).start()

    def _stuck_reason(self, state: WorkerState, lag: Lag) -> str | None:
        """Return what would be wrong if it lasted."""
        progress = (state.submitted, state.finished)
        moved, self._progress = progress != self._progress, progress
        for reason in ("crashed", "stopping", "rebalancing"):
            if getattr(state, reason):
                return reason
        if moved or not state.partitions or state.paused:
            return None
        if state.in_flight:
            return "held"
        # no answer is no lag: while the brokers are away there is nothing to take
        return "stalled" if lag(state.partitions) else None

    def _watch(self, lag: Lag) -> None:
        while True:
            time.sleep(_INTERVAL_S)
            try:
                reason = self.verdict(lag, time.monotonic())
            except Exception as error:  # noqa: BLE001 - a watchdog that dies silently watches nothing
                logger.error("the watchdog could not look", extra={"error_type": type(error).__name__})
                continue
            if reason is not None:
                _end_process(reason)


def _end_process(reason: str) -> None:
    try:
        logger.critical("worker is stuck, ending it", extra={"reason": reason})
        faulthandler.dump_traceback(all_threads=True)  # files, lines and functions; no value, so nothing that was said
    finally:
        os._exit(EXIT_STALLED)
