"""What a route requires of whoever asks."""

from dataclasses import dataclass

from fastapi import Request

from api.access.principal import Principal, Right
from api.problems import Problem


@dataclass(frozen=True)
class Requires:
    """A dependency of a route: lets those pass who have a right. Every route under /v1 but the health has one."""

    right: Right

    async def __call__(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            Problem: Nobody who is known, or somebody without the right.
        """
        who: Principal = await request.app.state.services.authentication.principal(request)
        if not who.may(self.right):
            raise Problem("forbidden", f"This needs the right {self.right.value}")
        return who
