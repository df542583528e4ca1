"""No route reads more of a body than the settings say, however it is sent."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from api.access import Principal, Right
from api.services import Services
from api.settings import ApiSettings
from tests.api.asking import asking
from tests.api.routes import api_routes

pytestmark = pytest.mark.integration
KINDS = ("application/json", "multipart/form-data; boundary=x")
SENT = [
    (min(route.methods or ()), route.path.replace("{call_id}", "call-1"), kind)
    for route in api_routes()
    for kind in KINDS
    if route.body_field is not None or (route.name, kind) == ("create_call", KINDS[0])  # uploads are larger
]
LARGE = b'{"a": "' + b"x" * 3000 + b'"}'


async def endless(sent: list[int]) -> AsyncIterator[bytes]:
    for _ in range(100):
        sent.append(len(LARGE))
        yield LARGE


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    small = replace(services, settings=ApiSettings(body_limit_kb=1))
    async with asking(small, Principal("anna", frozenset(Right))) as asked:
        yield asked


@pytest.mark.parametrize(("method", "path", "kind"), SENT)
async def test_a_body_that_is_too_large_is_refused_by_every_route(
    client: httpx.AsyncClient, method: str, path: str, kind: str
) -> None:
    sent: list[int] = []
    for content in (LARGE, endless(sent)):
        answer = await client.request(method, path, content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large"), answer.text
        assert "CALLSIFT_API_BODY_LIMIT_KB" in answer.json()["detail"]
    assert len(sent) < 3
