"""How many requests somebody may make: the headers RateLimit and RateLimit-Policy, and 429.

By draft-ietf-httpapi-ratelimit-headers-11. Each process of the API counts for itself, in memory.
"""

import math
import time

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.principal import Principal
from api.problems import Problem
from api.settings import ApiSettings

_STATE = "rate_limit"


class Limits:
    """Counts requests, by principal; and by address, those of nobody who is known."""

    def __init__(self, settings: ApiSettings) -> None:
        """Count from now on."""
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._of_principal = RateLimitItemPerMinute(settings.requests_per_minute)
        self._of_address = RateLimitItemPerMinute(settings.refusals_per_minute)

    async def count(self, request: Request, who: Principal) -> None:
        """Count a request of somebody.

        Raises:
            Problem: too-many-requests.
        """
        await self._count(request, "default", self._of_principal, who.name)

    async def count_refused(self, request: Request) -> None:
        """Count a request of nobody who is known.

        Raises:
            Problem: too-many-requests.
        """
        address = request.client.host if request.client else ""
        await self._count(request, "unauthenticated", self._of_address, address)

    async def _count(self, request: Request, policy: str, limit: RateLimitItemPerMinute, of: str) -> None:
        is_within = await self._limiter.hit(limit, policy, of)
        ends_at, left = await self._limiter.get_window_stats(limit, policy, of)
        wait_s = max(1, math.ceil(ends_at - time.time()))
        setattr(
            request.state,
            _STATE,
            {
                "RateLimit-Policy": f'"{policy}";q={limit.amount};w={limit.get_expiry()}',
                "RateLimit": f'"{policy}";r={max(0, left)};t={wait_s}',
            },
        )
        if not is_within:
            raise Problem(
                "too-many-requests",
                f"More than {limit.amount} requests in a minute",
                headers={"Retry-After": str(wait_s)},
            )


class LimitHeaders:
    """Has every answer say what is left, streams and problems too."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(scope.get("state", {}).get(_STATE, {}))
            await send(message)

        await self._app(scope, receive, told if scope["type"] == "http" else send)
