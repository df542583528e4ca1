"""What a route requires of whoever asks."""

from dataclasses import dataclass

from fastapi import Request

from api.access.authentication import CHALLENGE
from api.access.principal import Principal, Right
from api.problems import Problem


@dataclass(frozen=True)
class Requires:
    """A dependency of a route: lets those pass who have a right. Every route under /v1 but the health has one."""

    right: Right

    async def principal(self, request: Request) -> Principal:
        """Return who asks; raises what ``Authentication.principal`` does."""
        who: Principal = await request.app.state.services.authentication.principal(request)
        return who

    async def __call__(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            Problem: Nobody who is known, somebody without the right, or too many requests.
        """
        services = request.app.state.services
        try:
            who = await self.principal(request)
        except Problem:
            await services.limits.count_refused(request)
            raise
        if who.is_limited:
            await services.limits.count(request, who)
        if not who.may(self.right):
            lacking = f'{CHALLENGE}, error="insufficient_scope", scope="{self.right.value}"'
            raise Problem(
                "forbidden", f"This needs the right {self.right.value}", headers={"WWW-Authenticate": lacking}
            )
        return who
