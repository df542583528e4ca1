"""Two taxonomies at once, over the API: labels, filters and statistics of calls of each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.services import Services
from schemas import CallOutcome, Taxonomies, Taxonomy
from schemas.taxonomy import use
from store.calls import OutcomeStore
from tests.api.sinking import said_of
from tests.brands import brands
from tests.store.outcomes import done, failed

pytestmark = pytest.mark.integration
HEADERS = {"If-Match": '"r1"', "Prefer": "wait=0"}
EMERGENCY: dict[str, Any] = {"category": "appointment", "sub_category": "emergency"}
COMPLAINT: dict[str, Any] = {"category": "unnecessary_call", "sub_category": "complaint"}


@pytest.fixture(autouse=True)
def two_companies(tmp_path: Path) -> Iterator[None]:
    use(brands(tmp_path / "brands"))
    yield
    use(None)


def of_the_clinic(call_id: str, **changes: Any) -> CallOutcome:
    outcome = done(call_id, call_id)
    assert outcome.versions
    versions = outcome.versions.model_copy(update={"taxonomy": "clinic-1"})
    return outcome.model_copy(update={"queue": "dental", "versions": versions, **EMERGENCY, **changes})


async def test_all_taxonomies_are_told_the_default_one_first(client: httpx.AsyncClient) -> None:
    told = (await client.get("/v1/taxonomies")).json()["taxonomies"]
    assert told == [one.model_dump(mode="json") for one in Taxonomies.load().all]
    assert told[0] == (await client.get("/v1/taxonomy")).json()


async def test_a_label_is_of_the_taxonomy_of_its_call(client: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    for outcome in (done("several-shipped", "several-shipped"), of_the_clinic("several-clinic")):
        await store.save(outcome)
    await store.save(failed("several-failed", "several-failed").model_copy(update={"queue": "dental"}))

    async def labelled(call_id: str, label: dict[str, Any]) -> httpx.Response:
        return await client.post(f"/v1/calls/{call_id}/labels", json=label, headers=HEADERS)

    refused = await labelled("several-clinic", COMPLAINT)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["detail"] == "A leaf of taxonomy clinic-1, with its sub_category"
    assert (await labelled("several-shipped", EMERGENCY)).status_code == 422
    for call_id, label, version in (
        ("several-clinic", EMERGENCY, "clinic-1"),
        ("several-failed", EMERGENCY, "clinic-1"),
        ("several-shipped", COMPLAINT, Taxonomy.shipped().version),
    ):
        assert (await labelled(call_id, label)).status_code == 202
        [annotation] = said_of(services.kafka, call_id)
        assert annotation.label is not None
        assert annotation.label.taxonomy_version == version


async def test_calls_are_found_and_counted_by_the_codes_of_each(client: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    for outcome in (done("a", "a"), of_the_clinic("b"), of_the_clinic("c", category="complaint", sub_category=None)):
        await store.save(outcome)

    async def found(**asked: str) -> list[str]:
        answer = await client.get("/v1/calls", params=asked)
        return [call["call_id"] for call in answer.json()["calls"]]

    assert await found(sub_category="emergency") == ["b"]
    assert await found(category="complaint") == ["c"]
    assert await found(category=done("a").category or "") == ["a"]
    stats = (await client.get("/v1/stats", params={"group_by": "taxonomy"})).json()
    shipped = done("a").versions
    assert shipped
    assert {one["group"]["taxonomy"]: one["calls"] for one in stats["groups"]} == {shipped.taxonomy: 1, "clinic-1": 2}


@pytest.mark.parametrize("code", ["emergency", "price_research", "complaint"])
async def test_calls_are_classified_again_by_the_codes_of_each(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.post("/v1/calls:reprocess", json={"category": code, "dry_run": True})
    assert answer.status_code == 202
    answer = await client.post("/v1/calls:reprocess", json={"category": f"no_{code}", "dry_run": True})
    assert "emergency" in answer.json()["errors"][0]["detail"]
