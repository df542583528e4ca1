"""What holds for all routes."""

import httpx
import pytest

from api.app import make_app
from api.problems import MEDIA_TYPE
from api.services import Services
from tests.api.routes import api_routes, rights_of

pytestmark = pytest.mark.integration
OPEN = {"/v1/health"}


async def test_the_api_answers_whoever_asks_for_its_health(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_what_is_not_there_is_a_problem_with_a_cure_and_a_trace(client: httpx.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await client.get("/v1/nothing", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (404, 404, "not-found")
    assert (problem["instance"], problem["trace_id"]) == ("/v1/nothing", trace)
    assert problem["cure"]


async def test_the_taxonomy_is_the_one_that_calls_are_put_into(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/taxonomy")
    assert answer.status_code == 200
    assert "unnecessary_call" in {category["code"] for category in answer.json()["categories"]}


async def test_another_machine_is_refused_while_nobody_has_a_key(services: Services) -> None:
    transport = httpx.ASGITransport(make_app(services), client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as elsewhere:
        answer = await elsewhere.get("/v1/taxonomy")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="callsift"')


def test_every_route_says_which_right_it_needs() -> None:
    routes = api_routes()
    assert {route.path for route in routes if not rights_of(route)} == OPEN
    assert len(routes) > len(OPEN)
