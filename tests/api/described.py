"""The API's routes, made once for all tests: FastAPI prepares them anew for each application, which takes long."""

from copy import copy
from functools import cache

from fastapi import FastAPI
from starlette.datastructures import State

from api.app import described_app

_once = cache(described_app)


def described_once() -> FastAPI:
    """Return what ``described_app`` does: an application of its own, with the routes of the first one."""
    app = copy(_once())
    app.router = copy(app.router)
    app.router.routes, app.router.middleware_stack = list(app.router.routes), app.router.app
    app.exception_handlers = dict(app.exception_handlers)
    app.user_middleware = list(app.user_middleware)
    app.state, app.middleware_stack = State(), None
    return app
