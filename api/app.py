"""The application: its routes, and what holds for all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from operator import attrgetter

from fastapi import Depends, FastAPI

from api import operations, problem_pages, sources, stats, taxonomy, webhook_endpoints
from api.access.limits import LimitHeaders
from api.calls.routers import ROUTERS as CALLS
from api.calls.uploads import sweep_for_ever
from api.guard import Guard
from api.health import router as health
from api.methods import Methods
from api.openapi import document
from api.operations.watching import watch as watch_operations
from api.outcomes.route import router as outcomes
from api.problems import ProblemDetails, tell_problems
from api.recordings.routes import router as recordings
from api.segments import WholeSegments, whole_segments
from api.services import Services
from api.webhooks import router as webhooks

ROUTERS = (
    health,
    taxonomy.router,
    stats.router,
    *CALLS,
    webhooks,
    *webhook_endpoints.ROUTERS,
    sources.router,
    recordings,
    outcomes,
    *operations.ROUTERS,
)
_SAID_OF_ALL = {"default": {"model": ProblemDetails, "description": "What went wrong (RFC 9457)."}}


def make_app(services: Services) -> FastAPI:
    """Make the application that answers with these services."""
    app = described_app()
    app.state.services = services
    app.add_middleware(Guard)
    return app


def described_app() -> FastAPI:
    """Make the application with its routes, without anything to answer with: for its OpenAPI document."""
    app = FastAPI(
        title="callsift",
        summary="Hands calls in, says where they are and what they ended as.",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses=_SAID_OF_ALL,  # type: ignore[arg-type] # starlette's keys
        lifespan=_running,
        generate_unique_id_function=attrgetter("name"),
        dependencies=[Depends(whole_segments)],
    )
    tell_problems(app)
    app.add_middleware(LimitHeaders)
    routers = (*ROUTERS, problem_pages.router)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Methods, routes=[*app.routes, *(route for router in routers for route in router.routes)])
    app.add_middleware(WholeSegments)
    app.openapi = partial(document, app)  # type: ignore[method-assign] # as FastAPI's documentation does
    return app


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    async with services.running():
        beside = [asyncio.create_task(sweep_for_ever(services)), asyncio.create_task(watch_operations(services))]
        yield
        for task in beside:
            task.cancel()
