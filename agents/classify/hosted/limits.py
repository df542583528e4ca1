"""How fast and how widely a hosted model is asked: token buckets, the service's own pauses, adapted concurrency.

A bucket of our own rather than aiolimiter's: that one starts full (twice the limit in the first minute), cannot be
corrected once the true number of tokens is known, and cannot be paused.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agents.classify import metrics
from agents.classify.hosted.errors import QUOTA_CURE, ModelAway

Clock = Callable[[], float]
_BURST_SHARE = 0.04
_REFILL_SHARE = 0.94
LONGEST_PAUSE_S = 60.0
"""Seconds that the service may ask to be left alone; for longer than that it counts as away."""
ROUNDS_TURNED_AWAY = 5
"""Rounds of requests that are turned away, without an answer in between, after which nobody waits here for it."""


class TokenBucket:
    """At most ``limit`` units in any ``period_s``: a small store of them, refilled evenly a little below the limit."""

    def __init__(self, limit: float, period_s: float, clock: Clock) -> None:
        """Make a full bucket."""
        self.capacity = max(1.0, limit * _BURST_SHARE)
        refill = min(limit * _REFILL_SHARE, max(limit - self.capacity, limit * 0.9))  # the burst is part of the limit
        self._per_s = refill / period_s
        self._clock = clock
        self._level = self.capacity
        self._at = clock()

    def missing_s(self, amount: float) -> float:
        """Seconds until ``amount`` units, or a full bucket, can be taken; 0: now."""
        self._refill()
        return max(0.0, (min(amount, self.capacity) - self._level) / self._per_s)

    def take(self, amount: float) -> None:
        """Take units; more than there are leave a debt that is waited for. A negative amount gives back."""
        self._refill()
        self._level = min(self.capacity, self._level - amount)

    def _refill(self) -> None:
        now = self._clock()
        self._level = min(self.capacity, self._level + (now - self._at) * self._per_s)
        self._at = now


class Limiter:
    """Lets requests to one service pass. Belongs to one event loop."""

    def __init__(
        self,
        *,
        requests: int | None,
        tokens: int | None,
        concurrency: int,
        longest_pause_s: float = LONGEST_PAUSE_S,
        period_s: float = 60.0,
        clock: Clock = time.monotonic,
    ) -> None:
        """Make a limiter.

        Args:
            requests: Requests in any ``period_s`` at the most; None: no limit.
            tokens: Tokens in any ``period_s`` at the most; None: no limit.
            concurrency: Requests under way at once at the most.
            longest_pause_s: Seconds of a pause at the most; if the service asks for more, nobody waits here for it.
            period_s: Seconds that the limits are for.
            clock: What tells the time, in seconds.
        """
        self._requests = TokenBucket(requests, period_s, clock) if requests else None
        self._tokens = TokenBucket(tokens, period_s, clock) if tokens else None
        self._most = float(concurrency)
        self._longest_pause_s = longest_pause_s
        self._clock = clock
        self._queue = asyncio.Lock()
        self._freed = asyncio.Event()
        self._under_way = 0
        self._paused_until = self._decreased_at = clock() - 1e-9
        self._rounds_turned_away = 0
        self.concurrency = self._most
        """Requests that may be under way at once, as adapted."""

    @asynccontextmanager
    async def permit(self, tokens: int) -> AsyncIterator["Permit"]:
        """Wait for one's turn to send a request of about ``tokens`` tokens.

        Raises:
            ModelAway: The service has asked to be left alone for longer than anybody waits here.
        """
        asked_at = self._clock()
        self.refuse_long_pauses()
        async with self._queue:  # first come, first served
            while self._under_way >= max(1, int(self.concurrency)):
                self._freed.clear()
                await self._freed.wait()
            while (wait_s := self._wait_s(tokens)) > 0:
                self.refuse_long_pauses()
                await asyncio.sleep(wait_s)
            self._take(1, tokens)
            self._under_way += 1
        started_at = self._clock()
        metrics.LIMITER_WAIT.observe(started_at - asked_at)
        try:
            yield Permit(self, tokens, started_at)
        finally:
            self._under_way -= 1
            self._freed.set()

    def _wait_s(self, tokens: int) -> float:
        waits = [self._paused_until - self._clock()]
        waits += [self._requests.missing_s(1)] if self._requests else []
        waits += [self._tokens.missing_s(tokens)] if self._tokens else []
        return max(waits)

    def _take(self, requests: int, tokens: int) -> None:
        if self._requests:
            self._requests.take(requests)
        if self._tokens:
            self._tokens.take(tokens)

    def refuse_long_pauses(self) -> None:
        """Raise ModelAway while the service asks to be left alone for longer than anybody waits here."""
        left_s = self._paused_until - self._clock()
        if left_s > self._longest_pause_s:
            away = ModelAway(f"the model's service asks to be left alone for {left_s:.0f} s more", QUOTA_CURE)
            away.retry_after_s = left_s
            raise away

    def succeeded(self) -> None:
        """A request was answered: one more may be under way after a round of such answers."""
        self._rounds_turned_away = 0
        self._set_concurrency(min(self._most, self.concurrency + 1 / self.concurrency))

    def throttled(self, started_at: float, delay_s: float | None) -> None:
        """A request that began at ``started_at`` was turned away: everybody pauses, and half as many ask afterwards."""
        now = self._clock()
        if started_at > self._decreased_at:  # those that were under way together count once
            self._decreased_at = now
            self._set_concurrency(max(1.0, self.concurrency / 2))
            self._rounds_turned_away += 1
        if delay_s is None:
            backoff_s = min(self._longest_pause_s, 2.0 ** min(self._rounds_turned_away - 1, 10))
            delay_s = backoff_s * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        self.pause(delay_s)

    @property
    def is_patient(self) -> bool:
        """Whether a request that was turned away is to queue again; else the service turns everybody away."""
        return self._rounds_turned_away < ROUNDS_TURNED_AWAY

    def pause(self, delay_s: float) -> None:
        """Let nobody pass for so many seconds."""
        self._paused_until = max(self._paused_until, self._clock() + delay_s)

    def _set_concurrency(self, concurrency: float) -> None:
        self.concurrency = concurrency
        metrics.CONCURRENCY.set(concurrency / self._most)


class Permit:
    """One request under way."""

    def __init__(self, limiter: Limiter, tokens: int, started_at: float) -> None:
        """Begin; ``tokens`` is the estimate that was waited for."""
        self._limiter = limiter
        self._estimate = tokens
        self._started_at = started_at

    def answered(self, tokens: int) -> None:
        """The service answered, and counted so many tokens."""
        self._limiter._take(0, tokens - self._estimate)
        self._limiter.succeeded()

    def throttled(self, delay_s: float | None) -> None:
        """The service turned the request away."""
        self._limiter.throttled(self._started_at, delay_s)
