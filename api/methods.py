"""Which methods a path has: OPTIONS and the Allow of 405 name those of all its routes (RFC 9110, 9.3.7 and 15.5.6)."""

import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOT_ALLOWED = 405


class Methods:
    """Answers OPTIONS, and corrects Allow: the framework answers for the first route of a path alone."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        """Stand around an application that has these routes."""
        self._app = app
        self._routes = [route for route in routes if isinstance(route, Route)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if scope["method"] == "OPTIONS" and (allowed := self._of(scope["path"])):
            return await Response(status_code=204, headers={"Allow": allowed})(scope, receive, send)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _NOT_ALLOWED:
                MutableHeaders(scope=message)["Allow"] = self._of(scope["path"])
            await send(message)

        return await self._app(scope, receive, told)

    def _of(self, path: str) -> str:
        fitting = [route for route in self._routes if route.path_regex.match(path)]
        # "call-1:reprocess" is the method of a call, although it might be the identifier of one
        closest = max((_fixed(route) for route in fitting), default=0)
        methods = {method for route in fitting if _fixed(route) == closest for method in route.methods or ()}
        return ", ".join(sorted(methods | {"OPTIONS"})) if methods else ""


def _fixed(route: Route) -> int:
    """Return how much of a route's path is no parameter."""
    return len(re.sub("{[^}]*}", "", route.path))
