"""The brake: when nearly everything is suddenly invalid, the stage stops until a person has looked.

A bad deployment or a wrong schema would otherwise turn the whole backlog into dead letters. The brake is applied by
counting, and released only by a person: its state lies on a compacted topic, so that restarts do not release it and
every worker of the stage sees it. Replays of dead letters do not count.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Brake:
    """One stage's brake, as one worker sees it."""

    def __init__(
        self, *, sample: int, share: float, on_change: Callable[[str | None], None], apply: Callable[[str], None]
    ) -> None:
        """Make a released brake.

        Args:
            sample: How many of the last events are looked at; fewer are no reason to stop.
            share: Share of invalid ones among them, 0 to 1, from which the brake is applied.
            on_change: Told the reason when the brake is applied, and None when it is released.
            apply: Tells every other worker; called with the reason.
        """
        self._endings: deque[bool] = deque(maxlen=sample)
        self._share = share
        self._on_change = on_change
        self._apply = apply
        self._released = asyncio.Event()
        self._released.set()
        self.reason: str | None = None
        """Why the brake is applied; None: it is not."""

    async def released(self) -> None:
        """Return at once unless the brake is applied; then when it is released."""
        await self._released.wait()

    def note(self, *, invalid: bool) -> bool:
        """Count how an event ended, and return whether the brake is applied now."""
        self._endings.append(invalid)
        invalid_ones = sum(self._endings)
        is_full = len(self._endings) == self._endings.maxlen
        if self.reason is None and is_full and invalid_ones >= self._share * len(self._endings):
            reason = f"{invalid_ones} of the last {len(self._endings)} events were invalid"
            self.set(reason)
            self._apply(reason)
        return self.reason is not None

    def set(self, reason: str | None) -> None:
        """Follow what the topic says: applied for a reason, or released."""
        if (reason is None) == (self.reason is None):
            return
        self.reason = reason
        self._endings.clear()
        if reason is None:
            logger.warning("brake released, the stage goes on")
            self._released.set()
        else:
            logger.critical(
                "brake applied, the stage stops until somebody looks",
                extra={
                    "reason": reason,
                    "cure": "Read the dead letters, mend the cause, then `callsift brake release`",
                },
            )
            self._released.clear()
        self._on_change(reason)
