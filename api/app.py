"""The application: its routes, and what holds for all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import calls, operations, taxonomy
from api.health import router as health
from api.problems import ProblemDetails, tell_problems
from api.services import Services

ROUTERS = (health, taxonomy.router, *calls.ROUTERS, *operations.ROUTERS)
_SAID_OF_ALL = {"default": {"model": ProblemDetails, "description": "What went wrong (RFC 9457)."}}


def make_app(services: Services) -> FastAPI:
    """Make the application that answers with these services."""
    app = FastAPI(
        title="callsift",
        summary="Hands calls in, says where they are and what they ended as.",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses=_SAID_OF_ALL,  # type: ignore[arg-type] # starlette's keys
        lifespan=_running,
    )
    app.state.services = services
    tell_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    async with services.running():
        yield
