"""Labels and facts over the API: who may give them, what they need, and what is answered when."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.access import Principal, Right, Scope
from api.services import Services
from schemas import CallOutcome
from store.calls import OutcomeStore
from store.forgetting import ForgettingStore
from tests.api.asking import asking
from tests.api.conftest import pointers
from tests.api.sinking import said_of, sink, sinking
from tests.store.annotations import FIRST
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
LABEL: dict[str, Any] = {"category": "unnecessary_call", "sub_category": "complaint"}
AT_ONCE = {"Prefer": "wait=0"}
REVIEW = frozenset({Right.VIEW, Right.REVIEW})


@pytest.fixture
async def call(services: Services) -> str:
    """Store a call, and return its identifier: the tests share a broker."""
    call_id = f"call-{uuid4().hex}"
    await OutcomeStore(services.database).save(done("a", call_id))
    return call_id


@pytest.fixture
async def sunk(services: Services, call: str) -> AsyncIterator[None]:
    """Have a sink at work on the call."""
    async with sinking(services, call):
        yield


async def newest(services: Services, call_id: str) -> CallOutcome:
    [outcome] = await OutcomeStore(services.database).newest([call_id])
    return outcome


async def audited(services: Services) -> list[tuple[str, str]]:
    return [(one["action"], one["call_id"]) async for one in services.database.beside("audit").find({})]


@pytest.mark.usefixtures("sunk")
async def test_a_label_that_the_sink_took_is_answered_with_the_call(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    drawn = {"by": "random", "p": 0.02, "frame": "2026-10-01/2026-10-31", "seed": 7}
    said = {"blind": True, "first": {"category": "empty_call"}, "drawn": drawn, "cause": "misheard", "seconds": 12.5}
    answer = await client.post(f"/v1/calls/{call}/labels", json=LABEL | said, headers={"If-Match": '"r1"'})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"r2"')
    outcome = CallOutcome.model_validate(answer.json()["outcome"])
    assert (outcome.source, outcome.sub_category, outcome.revision) == ("human", "complaint", 2)
    assert outcome.machine is not None
    assert outcome.machine.sub_category == "price_research"
    given = (await client.get(answer.headers["location"])).json()
    assert given.items() >= {"reviewer": "this machine", "blind": True, "cause": "misheard", "refused": None}.items()
    assert given["drawn"].items() >= drawn.items()
    assert (given["first"]["category"], given["final"]["sub_category"]) == ("empty_call", "complaint")
    listed = (await client.get(f"/v1/calls/{call}/labels")).json()
    assert listed == {"call_id": call, "labels": [given]}
    assert await audited(services) == [("labelled", call)]
    assert outcome.label is not None
    assert outcome.label.label_id == given["label_id"]


async def test_a_label_says_which_revision_it_is_about(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    without = await client.post(f"/v1/calls/{call}/labels", json=LABEL)
    assert (without.status_code, without.json()["code"]) == (428, "precondition-required")
    for condition in ('"r2"', 'W/"r1"', "r1", '"r0", "r7"'):
        stale = await client.post(f"/v1/calls/{call}/labels", json=LABEL, headers={"If-Match": condition})
        assert (stale.status_code, stale.headers["etag"]) == (412, '"r1"'), condition
    assert said_of(services.kafka, call) == []
    assert await audited(services) == []
    for condition in ('"r1"', '"r7", "r1"', "*"):
        given = await client.post(f"/v1/calls/{call}/labels", json=LABEL, headers={"If-Match": condition, **AT_ONCE})
        assert given.status_code == 202, condition
    assert [one.label and one.label.revision_seen for one in said_of(services.kafka, call)] == [1, 1, 1]


async def test_of_two_labels_that_are_on_their_way_at_once_one_is_told_that_it_is_stale(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    def give(sub_category: str) -> Any:
        body = LABEL | {"sub_category": sub_category}
        return client.post(f"/v1/calls/{call}/labels", json=body, headers={"If-Match": '"r1"'})

    giving = [asyncio.create_task(give(name)) for name in ("complaint", "others")]
    while len(await asyncio.to_thread(said_of, services.kafka, call)) < len(giving):
        await asyncio.sleep(0.02)
    async with sinking(services, call):
        answers = await asyncio.gather(*giving)
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    assert [answer.headers["etag"] for answer in answers] == ['"r2"', '"r2"']
    listed = (await client.get(f"/v1/calls/{call}/labels")).json()["labels"]
    assert sorted(one["refused"] or "" for one in listed) == ["", "stale"]


async def test_a_label_that_nobody_took_in_time_is_found_later_where_location_says(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    answer = await client.post(f"/v1/calls/{call}/labels", json=LABEL, headers={"If-Match": '"r1"', **AT_ONCE})
    assert (answer.status_code, answer.json()["revision"]) == (202, 1)
    assert int(answer.headers["retry-after"]) > 0
    where = answer.headers["location"]
    assert (await client.get(where)).status_code == 404
    await sink(services, call)
    assert (await client.get(where)).json()["final"]["sub_category"] == "complaint"
    assert (await client.get(where.replace(call, "another"))).status_code == 404


@pytest.mark.usefixtures("sunk")
async def test_a_label_that_is_sent_again_with_its_key_is_given_once(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    headers = {"If-Match": '"r1"', "Idempotency-Key": "k1"}
    answers = [await client.post(f"/v1/calls/{call}/labels", json=LABEL, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    # as after a crash between the broker's confirmation and the memory of the answer
    await services.database.beside("idempotency").update_many({}, {"$set": {"answer": None, "leased_until": 0}})
    again = await client.post(f"/v1/calls/{call}/labels", json=LABEL, headers=headers)
    assert (again.status_code, again.headers["location"]) == (201, answers[0].headers["location"])
    assert len(said_of(services.kafka, call)) == 1
    later = await client.post(f"/v1/calls/{call}/labels", json=LABEL | {"seconds": 77.5}, headers=headers)
    assert (later.status_code, later.headers["location"]) == (201, answers[0].headers["location"])
    other = await client.post(f"/v1/calls/{call}/labels", json=LABEL | {"note": "x"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    kept = [one async for one in services.database.beside("idempotency").find({})]
    assert "price_research" not in str(kept)


@pytest.mark.usefixtures("sunk")
async def test_a_measurement_is_kept_and_changes_nothing_of_the_call(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    before = await newest(services, call)
    body = LABEL | {"decides": False, "blind": True}
    answer = await client.post(f"/v1/calls/{call}/labels", json=body, headers={"If-Match": '"r1"'})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"r1"')
    assert await newest(services, call) == before
    assert (await client.get(answer.headers["location"])).json()["decides"] is False


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no leaf": ({"category": "unnecessary_call", "sub_category": None}, ["#/category"]),
    "no first leaf": ({"blind": True, "first": {"category": "nothing"}}, ["#/first/category"]),
    "first without blind": ({"first": {"category": "empty_call"}}, ["#"]),
    "an impossible probability": ({"drawn": {"by": "random", "p": 1.5}}, ["#/drawn/p"]),
    "an unknown field": ({"colour": "red"}, ["#/colour"]),
    "an unknown field of the draw": ({"drawn": {"by": "random", "colour": "red"}}, ["#/drawn/colour"]),
    "an unknown cause": ({"cause": "SECRET"}, ["#/cause"]),
    "too long a note": ({"note": "x" * 2001}, ["#/note"]),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_label_that_breaks_a_rule_is_refused_by_its_place(
    client: httpx.AsyncClient, services: Services, call: str, name: str
) -> None:
    change, places = WRONG[name]
    answer = await client.post(f"/v1/calls/{call}/labels", json=LABEL | change, headers={"If-Match": '"r1"'})
    assert (answer.status_code, pointers(answer)) == (422, places)
    assert "SECRET" not in answer.text
    assert said_of(services.kafka, call) == []


@pytest.mark.parametrize("what", ["labels", "facts"])
async def test_nothing_can_be_said_of_a_call_that_is_not_there_or_not_theirs(
    services: Services, call: str, what: str
) -> None:
    body = LABEL if what == "labels" else {"job_booked": True}
    headers = {"If-Match": "*", **AT_ONCE}
    async with services.running(), asking(services, Principal("ann", REVIEW, Scope(frozenset({"other"})))) as client:
        theirs, nobodys = [
            await client.post(f"/v1/calls/{one}/{what}", json=body, headers=headers) for one in (call, "nothing")
        ]
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["detail"].replace(call, "nothing") == nobodys.json()["detail"]


@pytest.mark.parametrize("what", ["labels", "facts"])
async def test_nothing_can_be_said_of_a_forgotten_call(
    client: httpx.AsyncClient, services: Services, call: str, what: str
) -> None:
    await ForgettingStore(services.database).forget(call, FIRST)
    answer = await client.post(f"/v1/calls/{call}/{what}", json=LABEL, headers={"If-Match": "*"})
    assert answer.status_code == 404


async def test_facts_are_merged_into_the_call(client: httpx.AsyncClient, services: Services, call: str) -> None:
    told = [{"job_booked": True, "value": 1450, "currency": "TRY", "technician": "T7"}, {"value": None, "rooms": 3}]
    for facts in told:
        answer = await client.post(f"/v1/calls/{call}/facts", json=facts)
        assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/calls/{call}")
    await sink(services, call)
    outcome = (await client.get(f"/v1/calls/{call}")).json()["outcome"]
    assert outcome["facts"] == {"job_booked": True, "technician": "T7", "rooms": 3}
    assert (outcome["revision"], outcome["source"]) == (3, "machine")
    assert await audited(services) == [("told_facts", call)] * 2


async def test_facts_that_are_sent_again_with_their_key_make_one_revision(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    for _ in range(2):
        answer = await client.post(
            f"/v1/calls/{call}/facts", json={"job_booked": True}, headers={"Idempotency-Key": "f1"}
        )
        assert answer.status_code == 202
        await services.database.beside("idempotency").update_many({}, {"$set": {"answer": None, "leased_until": 0}})
        await sink(services, call)
    assert (await newest(services, call)).revision == 2


WRONG_FACTS: dict[str, Any] = {
    "nothing": {},
    "a text for a yes": {"job_booked": "SECRET"},
    "a value without its currency": {"value": 5},
    "a currency without a value": {"currency": "TRY"},
    "no currency": {"value": 5, "currency": "lira"},
    "a name of the store's": {"$set": 1},
    "a path": {"a.b": 1},
    "an object": {"visit": {"at": "SECRET"}},
    "too long a text": {"visit": "x" * 201},
    "too large a number": {"visit": 2**63},
    "too large a value": {"value": 1e303, "currency": "TRY"},
    "too many": {f"name{number}": 1 for number in range(51)},
}


@pytest.mark.parametrize("name", WRONG_FACTS)
async def test_facts_that_cannot_be_kept_are_refused(
    client: httpx.AsyncClient, services: Services, call: str, name: str
) -> None:
    answer = await client.post(f"/v1/calls/{call}/facts", json=WRONG_FACTS[name])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "SECRET" not in answer.text
    assert said_of(services.kafka, call) == []
