"""Endpoints are made, changed, looked at and deleted by administrators; secrets are shown once."""

from datetime import UTC, datetime

import httpx
import pytest

from api.access import Principal, Right, Scope
from api.services import Services
from sources.endpoint_settings import EndpointSettings
from store.audit import AuditStore
from store.webhook_deliveries import Attempt, Delivery, DeliveryStore
from store.webhook_endpoints import EndpointStore
from tests.api.asking import asking
from tests.api.conftest import pointers

pytestmark = pytest.mark.integration
ENDPOINTS = "/v1/webhook-endpoints"
URL = "https://crm.example.com/hooks?token=t0ken"


async def made(client: httpx.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await client.post(ENDPOINTS, json={"url": URL} | fields)
    assert answer.status_code == 201, answer.text
    created: dict[str, object] = answer.json()
    assert answer.headers["location"] == f"/v1/{created['name']}"
    return created


async def test_an_endpoint_is_made_shown_without_its_secret_changed_and_deleted(client: httpx.AsyncClient) -> None:
    created = await made(client, description="the CRM", filters={"queue": ["sales"]})
    assert str(created.pop("secret")).startswith("whsec_")
    where = f"/v1/{created['name']}"
    assert (await client.get(where)).json() == created
    changed = (await client.patch(where, json={"enabled": False, "filters": {"state": ["done"]}})).json()
    assert (changed["enabled"], changed["filters"]["queue"], changed["filters"]["state"]) == (False, [], ["done"])
    assert changed["url"] == URL
    assert (await client.delete(where)).status_code == 204
    assert [(await client.get(where)).status_code, (await client.delete(where)).status_code] == [404, 404]


@pytest.mark.parametrize(
    "url",
    ["http://crm.example.com/", "https://10.0.0.7/", "https://localhost:1/ x", "https://anna:pw@crm.example.com/", "x"],
)
async def test_an_address_that_nothing_would_be_posted_to_is_refused_and_says_what_would_allow_it(
    client: httpx.AsyncClient, url: str
) -> None:
    answer = await client.post(ENDPOINTS, json={"url": url})
    assert (answer.status_code, pointers(answer)) == (422, ["#/url"])
    assert "pw" not in answer.text


async def test_what_the_settings_allow_is_taken(services: Services) -> None:
    services.endpoints = EndpointSettings(schemes=("http",), internal_hosts=("10.0.0.7",))
    async with services.running(), asking(services, Principal("anna", frozenset(Right))) as client:
        assert (await client.post(ENDPOINTS, json={"url": "http://10.0.0.7/hooks"})).status_code == 201


async def test_a_secret_rotates_with_an_overlap_and_without(client: httpx.AsyncClient, services: Services) -> None:
    created = await made(client)
    where = f"/v1/{created['name']}"
    second = (await client.post(f"{where}:rotateSecret", json={})).json()
    assert (second["secrets"], second["secret"] != created["secret"]) == (2, True)
    third = (await client.post(f"{where}:rotateSecret", json={"overlap_hours": 0})).json()
    assert third["secrets"] == 1
    [endpoint] = await EndpointStore(services.database).all()
    assert endpoint.signing(datetime.now(UTC)) == [third["secret"]]
    assert str(third["secret"]) not in repr(endpoint)
    assert "t0ken" not in repr(endpoint)


async def test_enabling_ends_that_it_was_switched_off(client: httpx.AsyncClient, services: Services) -> None:
    created = await made(client)
    where, [endpoint] = f"/v1/{created['name']}", await EndpointStore(services.database).all()
    now = datetime.now(UTC).isoformat()
    off = {"off": {"at": now, "reason": "gone"}, "failing_since": now}
    await EndpointStore(services.database).change(endpoint.id, off)
    assert (await client.get(where)).json()["off"]["reason"] == "gone"
    enabled = (await client.patch(where, json={"enabled": True})).json()
    assert (enabled["off"], enabled["failing_since"]) == (None, None)


async def test_deliveries_are_listed_page_by_page_and_one_is_replayed(
    client: httpx.AsyncClient, services: Services
) -> None:
    created = await made(client)
    where, [endpoint] = f"/v1/{created['name']}", await EndpointStore(services.database).all()
    now, deliveries = datetime.now(UTC), DeliveryStore(services.database)
    await deliveries.add(Delivery.new(endpoint.id, f"o{number}", "call", "call.failed", now) for number in range(3))
    first = (await client.get(f"{where}/deliveries", params={"page_size": 2})).json()
    rest = await client.get(f"{where}/deliveries", params={"page_size": 2, "page_token": first["next_page_token"]})
    listed = [one["webhook_id"] for one in [*first["deliveries"], *rest.json()["deliveries"]]]
    assert sorted(listed) == ["o0", "o1", "o2"]
    held = await deliveries.find(endpoint.id, "o1")
    assert held is not None
    await deliveries.end(held, "failed", now, Attempt(1_000, 0.1, 500, "status"))
    [failed] = (await client.get(f"{where}/deliveries", params={"state": "failed"})).json()["deliveries"]
    assert (failed["next_try_at"], failed["attempts"][0]["status"]) == (None, 500)
    again = (await client.post(f"{where}/deliveries/o1:replay")).json()
    assert (again["state"], len(again["attempts"])) == ("waiting", 1)
    assert (await client.post(f"{where}/deliveries/o9:replay")).status_code == 404


async def test_a_replay_is_noted_for_the_worker(client: httpx.AsyncClient) -> None:
    created = await made(client)
    asked = await client.post(f"/v1/{created['name']}:replay", json={"since": "2026-11-25T06:00:00Z"})
    assert (asked.status_code, asked.json()["replay_since"]) == (202, "2026-11-25T06:00:00Z")


async def test_administrators_of_some_calls_see_their_own_endpoints_alone(services: Services) -> None:
    of_sales = Principal("sam", frozenset(Right), Scope(queues=frozenset({"sales"})))
    of_support = Principal("sue", frozenset(Right), Scope(queues=frozenset({"support"})))
    everywhere = Principal("anna", frozenset(Right))
    async with services.running():
        async with asking(services, of_sales) as client:
            where = f"/v1/{(await made(client))['name']}"
        for who, status, count in ((of_sales, 200, 1), (of_support, 404, 0), (everywhere, 200, 1)):
            async with asking(services, who) as client:
                assert (await client.get(where)).status_code == status
                assert len((await client.get(ENDPOINTS)).json()["webhook_endpoints"]) == count


async def test_what_is_done_to_endpoints_is_audited(client: httpx.AsyncClient, services: Services) -> None:
    where = f"/v1/{(await made(client))['name']}"
    await client.patch(where, json={"description": "x"})
    await client.delete(where)
    noted = [entry.action for entry in await AuditStore(services.database).unpublished(10)]
    assert sorted(noted) == ["webhook_endpoint_changed", "webhook_endpoint_created", "webhook_endpoint_deleted"]
