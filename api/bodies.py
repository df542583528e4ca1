"""How large the body of a request may be: one limit for all of them, which the route that takes uploads raises."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from api.problems import Problem
from api.settings import ApiSettings

_STATE = "body"


class Body:
    """Counts the body of one request while it is read, and ends it where it becomes too large."""

    def __init__(self, scope: Scope, receive: Receive, settings: ApiSettings) -> None:
        """Bound a request's body; whatever reads it has to read it by ``receive`` of this."""
        announced = Headers(scope=scope).get("content-length", "")
        self._announced = int(announced) if announced.isdecimal() else 0
        self._receive, self._seen = receive, 0
        self.limit_bytes, self.setting = settings.body_limit_kb * 1024, "CALLSIFT_API_BODY_LIMIT_KB"
        scope.setdefault("state", {})[_STATE] = self

    @staticmethod
    def of(request: Request) -> "Body":
        """Return the body of a request."""
        body: Body = getattr(request.state, _STATE)
        return body

    async def receive(self) -> Message:
        """Return the next message.

        Raises:
            Problem: too-large: so it is announced, or so it is by now.
        """
        message = await self._receive() if self._announced <= self.limit_bytes else {}
        self._seen += len(message.get("body", b""))
        if max(self._seen, self._announced) > self.limit_bytes:
            raise Problem("too-large", f"The body may have {self.limit_bytes} bytes, as {self.setting} says")
        return message
