"""Identifiers in paths may hold anything: %2F within one is a part of it, and no end of it."""

from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class WholeSegments:
    """Has routes see a path whose segments are as they were sent, for ``whole_segments`` to read.

    A server hands on a path in which %2F has become a slash, and so another route's.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if raw := scope.get("raw_path"):
            segments = map(unquote, raw.decode("ascii", errors="replace").split("/"))
            scope["path"] = "/".join(one.replace("%", "%25").replace("/", "%2F") for one in segments)
        await self._app(scope, receive, send)


async def whole_segments(request: Request) -> None:
    """Read the parameters of the path; every route depends on it, before anything else."""
    for name, value in request.path_params.items():
        request.path_params[name] = unquote(value)
