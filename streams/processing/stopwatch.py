"""How long something has lasted, by the clock that only goes forward: the wall clock may be set back meanwhile."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _now() -> datetime:
    return datetime.now(UTC)


class Stopwatch:
    """Looks at the wall clock once, when it starts."""

    def __init__(self, now: Callable[[], datetime] = _now, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Start; the clocks are ``now`` (UTC) and ``monotonic_s`` (seconds)."""
        self.started_at = now()
        """When it was started (UTC)."""
        self._monotonic_s = monotonic_s
        self._started_s = monotonic_s()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._monotonic_s() - self._started_s

    @property
    def at(self) -> datetime:
        """The start and the seconds since: never earlier than the start, whatever becomes of the wall clock."""
        return self.started_at + timedelta(seconds=self.seconds)
