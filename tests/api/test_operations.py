"""Long work is asked for, looked at and cancelled; nobody learns of calls beyond their scope."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from api.access import Principal, Right, Scope
from api.services import Services
from schemas import CallOutcome, CallTranscribed, DeadLetter
from store.calls import OutcomeStore
from store.forgetting import ForgettingStore
from streams.kafka import produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.topics import DEAD_LETTER, ENDED, REPROCESS
from tests.api.asking import asking
from tests.api.conftest import pointers
from tests.schemas.examples import call_failed, dead_letter
from tests.store.annotations import label
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
NUMBER = "+905557778899"  # of no other test, whose calls may wait at the same broker


@pytest.fixture
async def of_support(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who may do all, with calls of one queue."""
    async with asking(services, Principal("sam", frozenset(Right), Scope(queues=frozenset({"support"})))) as client:
        yield client


@pytest.fixture
async def operator(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(services, Principal("olga", frozenset({Right.VIEW, Right.OPERATE}))) as client:
        yield client


async def stored(services: Services, call_id: str, queue: str, caller: str | None = None) -> CallOutcome:
    outcome = done(f"outcome of {call_id}", call_id).model_copy(update={"queue": queue, "caller": caller})
    assert await OutcomeStore(services.database).save(outcome) is not None
    return outcome


def given_up(services: Services, call_id: str | None) -> DeadLetter:
    letter = dead_letter().model_copy(
        update={"event_id": uuid4().hex, "call_id": call_id, "topic": ENDED.name, "value": b"what was said"}
    )
    produce(services.kafka, DEAD_LETTER.name, [(call_id or "", letter.model_dump_json().encode())])
    return letter


async def test_deleting_a_call_is_an_operation_that_can_be_looked_at_and_cancelled(
    client: httpx.AsyncClient, services: Services
) -> None:
    await stored(services, "call-1", "support")
    taken = await client.delete("/v1/calls/call-1", headers={"If-Match": '"r1"'})
    assert taken.status_code == 202
    where = taken.headers["location"]
    assert where == "/v1/" + taken.json()["name"]
    shown = (await client.get(where)).json()
    assert (shown["done"], shown["metadata"]["kind"], shown["metadata"]["state"]) == (False, "erasure", "waiting")
    cancelled = (await client.post(where + ":cancel")).json()
    assert (cancelled["done"], cancelled["error"]["code"]) == (True, "cancelled")
    entries = [entry async for entry in services.database.beside("audit").find()]
    assert [(entry["action"], entry["call_id"]) for entry in entries] == [("erased", "call-1"), ("cancelled", None)]


async def test_a_call_that_changed_is_on_hold_or_is_not_there_is_not_erased(
    client: httpx.AsyncClient, services: Services
) -> None:
    await stored(services, "call-1", "support")
    assert (await client.delete("/v1/calls/call-1", headers={"If-Match": '"r9"'})).status_code == 412
    assert (await client.delete("/v1/calls/call-2")).status_code == 404
    assert await ForgettingStore(services.database).hold("call-1", "a lawsuit", "lee", datetime.now(UTC))
    held = await client.delete("/v1/calls/call-1")
    assert (held.status_code, "call-1" in held.json()["detail"], "lawsuit" in held.text) == (409, True, False)
    assert (await client.get("/v1/operations")).json()["operations"] == []


async def test_a_callers_number_is_looked_up_and_not_kept(client: httpx.AsyncClient, services: Services) -> None:
    await stored(services, "call-1", "support", caller="0555 777 88 99")
    await stored(services, "call-2", "support", caller="+905554445566")
    taken = await client.post("/v1/erasures", json={"caller": NUMBER})
    assert taken.status_code == 202
    [kept] = [one async for one in services.database.beside("operations").find()]
    assert kept["request"] == {"call_ids": ["call-1"], "caller": None}
    wrong = await client.post("/v1/erasures", json={"caller": "12"})
    assert (wrong.status_code, pointers(wrong)) == (422, ["#/caller"])
    assert (await client.post("/v1/erasures", json={})).status_code == 422


async def test_somebody_with_a_scope_erases_only_calls_in_it(
    of_support: httpx.AsyncClient, client: httpx.AsyncClient, services: Services
) -> None:
    await stored(services, "mine", "support", caller=NUMBER)
    await stored(services, "theirs", "sales", caller=NUMBER)
    assert (await of_support.delete("/v1/calls/theirs")).status_code == 404
    assert (await of_support.post("/v1/erasures", json={"call_ids": ["mine", "theirs"]})).status_code == 404
    assert (await of_support.post("/v1/erasures", json={"caller": NUMBER})).status_code == 202
    [kept] = [one async for one in services.database.beside("operations").find()]
    assert kept["request"]["call_ids"] == ["mine"]
    elsewhere = await client.delete("/v1/calls/theirs")
    assert (await of_support.get(elsewhere.headers["location"])).status_code == 404
    assert (await of_support.post(elsewhere.headers["location"] + ":cancel")).status_code == 404
    assert [one["metadata"]["who"] for one in (await of_support.get("/v1/operations")).json()["operations"]] == ["sam"]
    assert (await of_support.post("/v1/calls:reprocess", json={})).status_code == 403
    assert (await of_support.post("/v1/dead-letters:replay", json={})).status_code == 403


async def test_an_operator_neither_erases_nor_sees_erasures(
    operator: httpx.AsyncClient, client: httpx.AsyncClient, services: Services
) -> None:
    await stored(services, "call-1", "support")
    assert (await operator.delete("/v1/calls/call-1")).status_code == 403
    erasure = (await client.delete("/v1/calls/call-1")).headers["location"]
    assert (await operator.get(erasure)).status_code == 404
    assert (await operator.get("/v1/operations")).json()["operations"] == []


async def test_operations_come_page_by_page(client: httpx.AsyncClient) -> None:
    names = [(await client.post("/v1/calls:reprocess", json={"dry_run": True})).json()["name"] for _ in range(3)]
    first = (await client.get("/v1/operations", params={"page_size": 2})).json()
    asked = {"page_size": 2, "page_token": first["next_page_token"]}
    second = (await client.get("/v1/operations", params=asked)).json()
    found = [one["name"] for one in first["operations"] + second["operations"]]
    assert (sorted(found), second["next_page_token"]) == (sorted(names), "")
    for wrong in ("nonsense", base64.urlsafe_b64encode(b"{}").decode()):
        assert (await client.get("/v1/operations", params={"page_token": wrong})).status_code == 400


async def test_a_call_that_is_classified_again_is_in_the_lane(client: httpx.AsyncClient, services: Services) -> None:
    await stored(services, "again-1", "support")
    assert (await client.post("/v1/calls/again-1:reprocess")).status_code == 202
    there = [message.key() for message in read(services.kafka, topic_ranges(services.kafka, REPROCESS.name))]
    assert there.count(b"again-1") == 1
    await OutcomeStore(services.database).annotate(label("l1", 1, call_id="again-1"))
    for asked in ({}, {"supersede_label": True}):
        assert (await client.post("/v1/calls/again-1:reprocess", params=asked)).status_code == 202
    lane = [message.value() for message in read(services.kafka, topic_ranges(services.kafka, REPROCESS.name))]
    sent = [CallTranscribed.model_validate_json(value or b"") for value in lane]
    assert [call.supersedes_label for call in sent if call.call_id == "again-1"] == [None, None, "l1"]
    failed = call_failed().model_copy(update={"call_id": "failed-1"})
    assert await OutcomeStore(services.database).save(failed) is not None
    assert (await client.post("/v1/calls/failed-1:reprocess")).status_code == 409
    assert (await client.post("/v1/calls:reprocess", json={"category": "nothing"})).status_code == 422


async def test_dead_letters_are_listed_page_by_page_shown_and_replayed(
    client: httpx.AsyncClient, services: Services
) -> None:
    letters = {given_up(services, f"given-up-{number}").event_id for number in range(7)}
    found: list[dict[str, object]] = []
    asked = {"page_size": "2"}
    while True:
        page = (await client.get("/v1/dead-letters", params=asked)).json()
        found += page["dead_letters"]
        if not page["next_page_token"]:
            break
        asked["page_token"] = page["next_page_token"]
    ids = [one["id"] for one in found]
    assert letters <= set(ids)
    assert len(ids) == len(set(ids))
    chosen = letters.pop()
    before = await client.get(f"/v1/dead-letters/{chosen}")
    assert (before.status_code, before.json()["replayed_at"], "value" in before.json()) == (200, None, False)
    replayed = await client.post(f"/v1/dead-letters/{chosen}:replay")
    assert (replayed.status_code, replayed.json()["replayed_at"] is None) == (200, False)
    messages = [message.value() for message in read(services.kafka, topic_ranges(services.kafka, ENDED.name))]
    assert messages.count(b"what was said") == 1
    marked = (await client.get("/v1/dead-letters", params={"replayed": True, "page_size": 1000})).json()
    assert chosen in {one["id"] for one in marked["dead_letters"]}
    assert (await client.get("/v1/dead-letters/nothing")).status_code == 404


async def test_dead_letters_of_other_calls_are_not_there(of_support: httpx.AsyncClient, services: Services) -> None:
    for call_id, queue in (("dead-mine", "support"), ("dead-theirs", "sales")):
        failed = call_failed().model_copy(update={"call_id": call_id, "queue": queue, "outcome_id": call_id})
        assert await OutcomeStore(services.database).save(failed) is not None
    mine, theirs = given_up(services, "dead-mine"), given_up(services, "dead-theirs")
    nobodys = given_up(services, None)
    page = (await of_support.get("/v1/dead-letters", params={"page_size": 1000})).json()
    assert [one["id"] for one in page["dead_letters"]] == [mine.event_id]
    for hidden in (theirs, nobodys):
        assert (await of_support.get(f"/v1/dead-letters/{hidden.event_id}")).status_code == 404
        assert (await of_support.post(f"/v1/dead-letters/{hidden.event_id}:replay")).status_code == 404


async def test_a_call_on_hold_is_shown_with_its_reason_not_erased_and_released(
    client: httpx.AsyncClient, operator: httpx.AsyncClient, of_support: httpx.AsyncClient, services: Services
) -> None:
    await stored(services, "call/1", "sales")
    where = "/v1/calls/call%2F1/hold"
    assert (await client.get(where)).status_code == 404
    held = await client.put(where, json={"reason": "court order 7/2026"})
    assert (held.status_code, held.json()["reason"]) == (200, "court order 7/2026")
    assert (await client.get(where)).json() == held.json()
    assert datetime.fromisoformat(held.json()["since"]).tzinfo is not None
    assert (await client.delete("/v1/calls/call%2F1")).status_code == 409
    assert {(await operator.get(where)).status_code, (await operator.delete(where)).status_code} == {403}
    assert {(await of_support.get(where)).status_code, (await of_support.delete(where)).status_code} == {404}
    assert (await client.put(where, json={"reason": ""})).status_code == 422
    assert (await client.delete(where)).status_code == 204
    assert (await client.delete("/v1/calls/call%2F1")).status_code == 202
    actions = [entry["action"] async for entry in services.database.beside("audit").find({"call_id": "call/1"})]
    assert sorted(actions) == ["erased", "held", "released"]


async def test_a_caller_with_more_calls_than_one_erasure_takes_is_told_so(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.operations.erasures._MOST_CALLS", 1)
    for call_id in ("call-1", "call-2"):
        await stored(services, call_id, "support", caller=NUMBER)
    refused = await client.post("/v1/erasures", json={"caller": NUMBER})
    assert (refused.status_code, "2 calls" in refused.json()["detail"]) == (409, True)
    assert (await client.get("/v1/operations")).json()["operations"] == []
