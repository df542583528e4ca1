"""What may be spent on a hosted model from midnight to midnight."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from agents.classify.hosted.errors import BudgetSpent


def _now() -> datetime:
    return datetime.now(UTC)


class DailyBudget:
    """One process's budget, kept in its memory: a restart begins anew, and every pod has one of its own."""

    def __init__(self, limit: float | None, zone: ZoneInfo, clock: Callable[[], datetime] = _now) -> None:
        """Make a budget of ``limit`` a day (None or 0: none) that begins anew at midnight in ``zone``."""
        self._limit = limit or None
        self._zone = zone
        self._clock = clock
        self._day: date | None = None
        self._spent = 0.0
        self._reserved = 0.0
        self._under_way = 0
        self._settled = asyncio.Event()

    async def reserve(self, estimate: float) -> None:
        """Set aside what a request will probably cost; every reservation is settled.

        While only what others have set aside stands in the way, wait for them: they may need less.

        Raises:
            BudgetSpent: Today's budget does not reach for it.
        """
        while not self._reaches(estimate, self._reserved):
            if not self._under_way or not self._reaches(estimate, 0.0):
                raise BudgetSpent(
                    f"the day's budget of {self._limit:g} for the hosted model is spent",
                    f"Wait until midnight ({self._zone.key}), raise CALLSIFT_CLASSIFY_DAILY_BUDGET, "
                    "or set CALLSIFT_CLASSIFY_WHEN_AWAY=offline",
                )
            self._settled.clear()
            await self._settled.wait()
        self._reserved += estimate
        self._under_way += 1

    def settle(self, estimate: float, actual: float) -> None:
        """Replace what was set aside by what it did cost."""
        self._turn_page()
        self._under_way -= 1
        self._reserved = self._reserved - estimate if self._under_way else 0.0
        self._spent += actual
        self._settled.set()

    @property
    def share_spent(self) -> float:
        """Share of the day's budget that is spent; 0 without a budget."""
        self._turn_page()
        return self._spent / self._limit if self._limit else 0.0

    def _reaches(self, estimate: float, reserved: float) -> bool:
        self._turn_page()
        return self._limit is None or self._spent + reserved + estimate <= self._limit

    def _turn_page(self) -> None:
        today = self._clock().astimezone(self._zone).date()
        if self._day is None or today > self._day:  # a clock set back over midnight brings no new budget
            self._day, self._spent = today, 0.0
