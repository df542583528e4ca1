"""The routes of the API, and what each requires."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.access import Requires, Right
from api.app import ROUTERS


def api_routes() -> list[APIRoute]:
    """Return every route."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def rights_of(route: APIRoute) -> set[Right]:
    """Return the rights that a route requires of whoever asks."""
    return {one.call.right for one in _dependants(route.dependant) if isinstance(one.call, Requires)}


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)
