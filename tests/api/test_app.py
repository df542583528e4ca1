"""What holds for all routes."""

import json
import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from api.app import described_app, make_app
from api.problems import KINDS, MEDIA_TYPE
from api.services import Services
from tests.api.routes import api_routes, rights_of

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
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
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as elsewhere:
        answer = await elsewhere.get("/v1/taxonomy")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="callsift"')


def test_every_route_says_which_right_it_needs() -> None:
    routes = api_routes()
    assert {route.path for route in routes if not rights_of(route)} == OPEN
    assert len(routes) > len(OPEN)


async def test_every_answer_tells_browsers_to_guess_load_and_keep_nothing(client: httpx.AsyncClient) -> None:
    for path in ("/v1/health", "/v1/nothing", "/v1/stats"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] in {"no-store", "private, no-store"}
        assert "server" not in headers


async def test_each_type_of_problem_has_the_page_that_it_names(client: httpx.AsyncClient) -> None:
    assert (await client.get((await client.get("/v1/nothing")).json()["type"])).status_code == 200
    for code in KINDS:
        answer = await client.get(f"/problems/{code}")
        assert answer.status_code == 200
        assert KINDS[code].cure in answer.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/calls", "GET, OPTIONS, POST"),
        ("/v1/calls/call-1", "DELETE, GET, OPTIONS"),
        ("/v1/calls/call-1/recording", "GET, HEAD, OPTIONS"),
        ("/v1/calls/call-1:reprocess", "OPTIONS, POST"),
        ("/v1/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_and_405_name_all_methods_of_a_path(client: httpx.AsyncClient, path: str, allowed: str) -> None:
    options, refused = await client.options(path), await client.put(path)
    assert (options.status_code, options.headers["allow"]) == (204, allowed)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert (await client.options("/v1/nothing")).status_code == 404


async def test_a_bug_is_answered_with_its_trace_and_logged_without_its_text(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = " ".join(["numaram", "0555", "000", "00", "12"])  # the stack quotes source lines

    def fail() -> None:
        raise RuntimeError(said)

    monkeypatch.setattr("api.taxonomy.Taxonomies.load", fail)
    answer = await client.get("/v1/taxonomy")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.trace_id, record.error) == (answer.json()["trace_id"], "RuntimeError")  # type: ignore[attr-defined]
    assert "test_app.py" in record.stack  # type: ignore[attr-defined]
    assert said not in caplog.text + answer.text + str(vars(record))


async def test_requests_are_counted_by_their_route_and_not_by_what_it_names(client: httpx.AsyncClient) -> None:
    def counted(**labels: str) -> float:
        return REGISTRY.get_sample_value("callsift_api_requests_total", labels) or 0.0

    route = {"route": "/v1/calls/{call_id}", "method": "GET", "status": "4xx"}
    other = {"route": "other", "method": "other", "status": "4xx"}
    before = counted(**route), counted(**other)
    await client.get("/v1/calls/one")
    await client.get("/v1/calls/two")
    await client.request("BREW", "/coffee")
    assert (counted(**route) - before[0], counted(**other) - before[1]) == (2, 1)
    assert REGISTRY.get_sample_value("callsift_api_open_requests") == 0


def test_the_openapi_document_is_the_committed_one_and_refers_to_nothing_that_is_not_there() -> None:
    committed = json.loads((ROOT / "schemas" / "contract" / "openapi.json").read_text(encoding="utf-8"))
    found = described_app().openapi()
    assert found == committed, "run `make schemas`"
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)))
    assert referred <= found["components"]["schemas"].keys()
    assert "HTTPValidationError" not in json.dumps(found)
    assert "#/$defs" not in json.dumps(found)
