"""Every role × every route × scope: a route that forgets its right, or its principal's scope, fails here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.access import Principal, Requires, Right, Role, Scope
from api.access.keys import new_key
from api.app import described_app, make_app
from api.calls.lookup import visible
from api.services import Services, Used
from api.settings import ApiSettings
from store.api_keys import ApiKeyStore
from store.calls import OutcomeStore
from tests.api.access.matrix import EXAMPLES, IN_SCOPE, OUT_OF_SCOPE, Asked, Example, asked, needed
from tests.api.routes import api_routes
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
OPEN = {"/v1/health"}
ALL, SCOPE = Scope(), Scope(queues=frozenset({"matrix-queue"}))
ROUTES = [route for route in api_routes() if route.path not in OPEN]
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods or ())} {route.path}")
Viewer = Annotated[Principal, Depends(Requires(Right.VIEW))]
own = APIRouter(prefix="/v1")


@own.get("/matrix/calls/{call_id}")
async def one_call(call_id: str, who: Viewer, services: Used) -> str:
    return (await visible(services, who, call_id)).call_id


@own.get("/matrix/calls")
async def many_calls(who: Viewer, services: Used) -> list[str]:
    return [document["_id"] async for document in services.database.calls.find(who.scope.query())]


@own.get("/matrix/careless/calls/{call_id}")
async def one_call_of_anybody(call_id: str, _: Viewer) -> str:
    return call_id


@own.get("/matrix/careless/calls")
async def all_calls(_: Viewer, services: Used) -> list[str]:
    return [document["_id"] async for document in services.database.calls.find({})]


@own.get("/matrix/careless/count")
async def how_many_calls(_: Viewer, services: Used) -> int:
    return await services.database.calls.count_documents({})


@own.get("/matrix/open")
async def forgets_its_right() -> str:
    return "anybody"


class Unsayable(BaseModel):
    whatever: list[int]


@own.post("/matrix/unsayable")
async def takes_what_cannot_be_made(_: Viewer, body: Unsayable) -> str:
    return str(body.whatever)


@cache
def _document() -> dict[str, Any]:
    app = described_app()
    app.include_router(own)
    return app.openapi()


@dataclass
class Matrix:
    """The routes with calls in the store, one of them in scope, and a key for whoever is wanted."""

    services: Services
    app: FastAPI

    async def key(self, role: Role | None, scope: Scope = ALL) -> dict[str, str]:
        """Return the header of somebody with a role; None: of nobody."""
        if role is None:
            return {}
        key, text = new_key("matrix", role, frozenset({Right.LISTEN, Right.SEE_NUMBER}), scope, datetime.now(UTC), None)
        await ApiKeyStore(self.services.database).add(key)
        return {"Authorization": f"Bearer {text}"}

    async def answer(self, request: Asked, key: Mapping[str, str]) -> httpx.Response | None:
        """Return the answer; None where it is an endless one, which has begun."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("192.0.2.7", 4711))
        arguments: dict[str, Any] = request.arguments
        arguments["headers"] |= key
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asking = client.request(request.method, request.path, **arguments)
            try:
                return await asyncio.wait_for(asking, 1.0 if request.example.is_endless else 20.0)
            except TimeoutError:
                assert request.example.is_endless, f"{request.path} does not end: say is_endless in its Example"
                return None

    async def check_rights(self, route: APIRoute, examples: Mapping[tuple[str, str], Example]) -> None:
        """Hold a route against every role and against nobody."""
        rights = needed(route)
        request = asked(_document(), route, IN_SCOPE, examples)
        refused = await self.answer(request, {})
        assert refused is not None
        assert refused.status_code == 401, f"{route.path} answers nobody with {refused.status_code}"
        for role in Role:
            may = rights <= role.rights | {Right.LISTEN, Right.SEE_NUMBER}
            found = await self.answer(request, await self.key(role))
            status = None if found is None else found.status_code
            assert (status == 403) != may, f"{route.path} answers the role {role} with {status}"
            assert status != 401
            assert status is None or status < 500, f"{route.path} fails: {found and found.text}"

    async def check_scope(self, route: APIRoute, examples: Mapping[tuple[str, str], Example]) -> None:
        """Hold a route against somebody in whose scope one of the calls is."""
        role = next((role for role in Role if needed(route) <= role.rights | {Right.LISTEN, Right.SEE_NUMBER}), None)
        assert role is not None, f"no role may ask {route.path}"
        key = await self.key(role, SCOPE)
        request = asked(_document(), route, OUT_OF_SCOPE, examples)
        found = await self.answer(request, key)
        if request.is_about_one_call:
            nothing = asked(_document(), route, "call-that-is-not-there", examples)
            absent = await self.answer(nothing, key)
            assert found is not None and absent is not None, f"{route.path} streams a call out of scope"
            assert (found.status_code, absent.status_code) == (404, 404), (
                f"{route.path} tells a call out of scope ({found.status_code}) from none ({absent.status_code})"
            )
        elif found is not None and request.method == "GET":
            assert OUT_OF_SCOPE not in found.text, f"{route.path} shows a call out of scope"
            await self.keep("another-out-of-scope", "another")
            again = await self.answer(request, key)
            assert again is not None
            assert again.text == found.text, f"{route.path} tells of one more call out of scope, if only by a count"

    async def keep(self, call_id: str, queue: str) -> None:
        """Have the store keep an outcome of a call."""
        call = done(f"outcome-of-{call_id}", call_id).model_copy(update={"queue": queue})
        await OutcomeStore(self.services.database).save(call)


@pytest.fixture
async def matrix(services: Services) -> AsyncIterator[Matrix]:
    services = replace(services, settings=ApiSettings(requests_per_minute=10_000, refusals_per_minute=10_000))
    app = make_app(services)
    app.include_router(own)
    matrix = Matrix(services, app)
    async with services.running():
        await matrix.keep(IN_SCOPE, "matrix-queue")
        await matrix.keep(OUT_OF_SCOPE, "another")
        await matrix.key(Role.ADMIN)  # from the first key on, everybody needs one
        yield matrix


@each_route
async def test_a_route_answers_who_has_the_right_and_nobody_else(matrix: Matrix, route: APIRoute) -> None:
    await matrix.check_rights(route, EXAMPLES)


@each_route
async def test_a_route_shows_no_call_out_of_scope(matrix: Matrix, route: APIRoute) -> None:
    await matrix.check_scope(route, EXAMPLES)


def route_of(path: str) -> APIRoute:
    return next(route for route in own.routes if isinstance(route, APIRoute) and route.path == f"/v1/matrix/{path}")


@pytest.mark.parametrize("path", ["calls/{call_id}", "calls"])
async def test_the_matrix_passes_routes_that_obey_the_scope(matrix: Matrix, path: str) -> None:
    await matrix.check_rights(route_of(path), {})
    await matrix.check_scope(route_of(path), {})


@pytest.mark.parametrize("path", ["careless/calls/{call_id}", "careless/calls", "careless/count"])
async def test_the_matrix_finds_routes_that_forget_the_scope(matrix: Matrix, path: str) -> None:
    with pytest.raises(AssertionError, match="out of scope"):
        await matrix.check_scope(route_of(path), {})


async def test_the_matrix_finds_a_route_that_forgets_its_right(matrix: Matrix) -> None:
    with pytest.raises(AssertionError, match="asks for no right"):
        await matrix.check_rights(route_of("open"), {})


async def test_the_matrix_says_where_an_example_is_missing(matrix: Matrix) -> None:
    with pytest.raises(AssertionError, match=r"add an Example to EXAMPLES in tests/api/access/matrix\.py"):
        await matrix.check_rights(route_of("unsayable"), {})
    examples = {("POST", "/v1/matrix/unsayable"): Example(json={"whatever": [1]})}
    await matrix.check_rights(route_of("unsayable"), examples)
