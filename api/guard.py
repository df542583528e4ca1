"""Around every request: what browsers are told, what is measured, and an answer also where nobody foresaw a failure."""

import logging
import time
import traceback

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.bodies import Body
from api.problems import Problem, answer
from api.services import Services
from api.tracing import trace_id

logger = logging.getLogger(__name__)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""Unless the route says otherwise."""
_OF_A_PAGE = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"same-origin"),  # with no-referrer, forms would send Origin: null
)
"""Of HTML: its own files, and nothing written into it."""


class Guard:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, status, began = Request(scope, receive), 0, time.monotonic()
        services: Services = scope["app"].state.services
        body = Body(scope, receive, services.settings)

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message["headers"]}
                ours = dict(_HEADERS) | dict(_OF_A_PAGE if _is_html(message) else ())
                own = [(name, value) for name, value in ours.items() if name not in given]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        metrics.IN_FLIGHT.inc()
        try:
            await self._app(scope, body.receive, guarded)
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is answered
            stack = "".join(traceback.format_tb(bug.__traceback__))  # without its text, which may quote the call
            about = {"error": type(bug).__name__, "trace_id": trace_id(request), "stack": stack}
            logger.error("a request failed for a reason that nobody has named", extra=about)
            if not status:
                problem = answer(request, Problem("internal", "The request failed for a reason that nobody has named"))
                await problem(scope, receive, guarded)
        finally:
            metrics.IN_FLIGHT.dec()
            metrics.observe(_template(scope), scope["method"], status, time.monotonic() - began)


def _is_html(message: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])


def _template(scope: Scope) -> str:
    """Return the route's template, which names no call; ``other`` for what is no route."""
    route = scope.get("route")
    return str(getattr(route, "path", None) or "other")
