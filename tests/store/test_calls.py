"""The contract that every store must keep, whatever answers MongoDB's protocol."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from pymongo import MongoClient

from agents.sink import core
from agents.sink.agent import SinkAgent
from callsift.embedded import free_port
from schemas import CallOutcome, Leaf
from store.calls import CallFilter, OutcomeStore
from store.database import Database
from store.errors import MongoUnavailable
from store.indexes import INDEXES
from store.metrics import STORE_OPERATIONS
from store.searchable import place_of
from store.settings import StoreSettings
from streams.errors import PermanentError, SettingsError
from streams.privacy import CallerPrivacy
from streams.settings import PrivacySettings
from tests.callsift import terminal
from tests.schemas.examples import call_classified, call_ended, call_transcribed, dead_letter
from tests.servers.mongo import with_database
from tests.store.outcomes import done, failed

TURNS = call_transcribed().turns


async def document(store: OutcomeStore, call_id: str = "call-1") -> dict[str, Any]:
    found = await store.find(call_id)
    assert found is not None
    return found


def revisions(found: dict[str, Any]) -> list[tuple[int, str]]:
    return [(entry["revision"], entry["outcome_id"]) for entry in found["history"]]


async def test_a_new_call_is_stored_whole_and_published_as_revision_1(store: OutcomeStore) -> None:
    outcome = done("a")
    assert await store.save(outcome, TURNS) == outcome
    found = await document(store)
    assert (found["_id"], found["revision"], found["state"]) == ("call-1", 1, "done")
    assert (found["category"], found["sub_category"]) == ("unnecessary_call", "price_research")
    assert found["ended_at"] == outcome.ended_at
    assert found["decided_at"] == datetime(2026, 10, 5, 11, 3, 34, tzinfo=UTC)
    assert CallOutcome.model_validate(found["outcome"]) == outcome
    assert [turn["text"] for turn in found["turns"]] == [turn.text for turn in TURNS]
    assert revisions(found) == [(1, "a")]


async def test_a_recording_in_which_nothing_is_said_takes_the_words_of_the_one_before(store: OutcomeStore) -> None:
    await store.save(done("a"), TURNS)
    await store.save(done("b"), ())
    found = await document(store)
    assert (found["revision"], found["turns"], any(found["words"].values())) == (2, [], False)


async def test_a_redelivery_changes_nothing(store: OutcomeStore) -> None:
    first = await store.save(done("a"), TURNS)
    before = await document(store)
    later = done("a").model_copy(update={"decided_at": datetime(2027, 1, 1, tzinfo=UTC)})
    assert await store.save(later, TURNS) == first
    assert await document(store) == before


async def test_another_classification_is_the_next_revision_and_the_first_stays_in_the_history(
    store: OutcomeStore,
) -> None:
    await store.save(done("a"), TURNS)
    second = await store.save(done("b").model_copy(update={"category": "uncertain", "sub_category": None}), TURNS)
    assert second is not None
    assert second.revision == 2
    found = await document(store)
    assert (found["revision"], found["category"], found["sub_category"]) == (2, "uncertain", None)
    assert CallOutcome.model_validate(found["outcome"]) == second
    assert revisions(found) == [(1, "a"), (2, "b")]


async def test_a_correction_is_stored_and_the_corrected_event_does_not_undo_it(store: OutcomeStore) -> None:
    outcome = CallOutcome.model_validate_json(core.done(call_classified(), datetime.now(UTC)).model_dump_json())
    wrong = outcome.model_copy(update={"metadata": outcome.metadata | {"n": 1.0, "deep": [{"b": None, "a": "ş"}]}})
    right = wrong.model_copy(update={"metadata": wrong.metadata | {"n": 2.0}})
    assert await store.save(wrong, TURNS) == wrong
    second = await store.save(right, TURNS)
    assert second is not None
    assert (second.revision, second.metadata["n"]) == (2, 2.0)
    assert second.outcome_id != wrong.outcome_id
    for again, known in ((wrong, wrong), (right, second), (wrong, wrong)):
        assert await store.save(again, TURNS) == known
    found = await document(store, outcome.call_id)
    assert revisions(found) == [(1, wrong.outcome_id), (2, second.outcome_id)]
    assert found["outcome"]["metadata"]["n"] == 2.0


async def test_a_late_redelivery_does_not_put_an_older_outcome_over_a_newer(store: OutcomeStore) -> None:
    first = await store.save(done("a"))
    await store.save(done("b"))
    assert await store.save(done("a")) == first
    assert (await document(store))["outcome"]["outcome_id"] == "b"


async def test_a_failure_that_is_mended_becomes_done(store: OutcomeStore) -> None:
    assert await store.save(failed("x")) == failed("x")
    assert (await document(store))["category"] is None
    mended = await store.save(done("a"), TURNS)
    assert mended is not None
    assert (mended.state, mended.revision) == ("done", 2)
    found = await document(store)
    assert (found["state"], revisions(found)) == ("done", [(1, "x"), (2, "a")])


async def test_a_failure_after_the_category_changes_nothing_and_publishes_nothing(store: OutcomeStore) -> None:
    await store.save(done("a"), TURNS)
    before = await document(store)
    assert await store.save(failed("x")) is None
    assert await document(store) == before


async def test_calls_do_not_touch_each_other(store: OutcomeStore) -> None:
    await store.save(done("a", "call-1"))
    await store.save(failed("x", "call-2"))
    assert (await document(store, "call-1"))["state"] == "done"
    assert (await document(store, "call-2"))["state"] == "failed"
    assert await store.find("call-3") is None


async def test_twenty_outcomes_at_once_get_twenty_revisions_without_a_gap(store: OutcomeStore) -> None:
    outcomes = [done(f"outcome-{number}") for number in range(20)]
    saved = await asyncio.gather(*(store.save(outcome, TURNS) for outcome in outcomes))
    found = await document(store)
    history = revisions(found)
    assert [revision for revision, _ in history] == list(range(1, 21))
    assert sorted(history) == sorted((one.revision, one.outcome_id) for one in saved if one is not None)
    assert (found["revision"], found["outcome"]["outcome_id"]) == history[-1]


async def test_one_outcome_delivered_twenty_times_at_once_is_stored_once(store: OutcomeStore) -> None:
    saved = await asyncio.gather(*(store.save(done("a"), TURNS) for _ in range(20)))
    assert {(one.outcome_id, one.revision) for one in saved if one is not None} == {("a", 1)}
    assert revisions(await document(store)) == [(1, "a")]


@pytest.mark.parametrize(
    "metadata",
    [
        {"a.b": 1, "$set": 2, "": 3},
        {"big": 2**63 - 1, "small": -(2**63)},
        {"deep": {"list": [[[None, True, 1.5, "ğüşıöç"]]]}},
    ],
    ids=["keys", "numbers", "nesting"],
)
async def test_metadata_comes_back_as_it_was_sent(store: OutcomeStore, metadata: dict[str, Any]) -> None:
    outcome = done("a").model_copy(update={"metadata": metadata})
    await store.save(outcome)
    assert await store.save(outcome) == outcome


@pytest.mark.parametrize("metadata", [{"big": 2**64}, {"nul\0": 1}], ids=["number", "key"])
async def test_metadata_that_the_store_cannot_hold_is_the_events_fault(
    store: OutcomeStore, metadata: dict[str, Any]
) -> None:
    with pytest.raises(PermanentError):
        await store.save(done("a").model_copy(update={"metadata": metadata}))


async def test_the_agent_publishes_what_it_stored(store: OutcomeStore) -> None:
    agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))
    failure = await agent.work(dead_letter())
    assert isinstance(failure, CallOutcome)
    assert (failure.state, failure.revision) == ("failed", 1)
    outcome = await agent.work(call_classified())
    assert isinstance(outcome, CallOutcome)
    assert (outcome.state, outcome.revision) == ("done", 2)
    assert await agent.work(dead_letter().model_copy(update={"event_id": "another"})) is None
    assert await agent.work(dead_letter().model_copy(update={"call_id": None, "value": None})) is None
    found = await document(store, call_classified().call_id)
    assert [turn["text"] for turn in found["turns"]] == [turn.text for turn in call_classified().turns]


async def both(store: OutcomeStore) -> tuple[CallOutcome, CallOutcome]:
    """Store two outcomes of one call; nothing is published yet."""
    first, second = await store.save(done("a"), TURNS), await store.save(done("b"), TURNS)
    assert first is not None
    assert second is not None
    return first, second


async def test_an_outcome_is_due_until_it_is_confirmed(store: OutcomeStore) -> None:
    outcome = await store.save(done("a"), TURNS)
    assert isinstance(outcome, CallOutcome)
    before = await document(store)
    assert await store.due(outcome) is outcome
    assert await store.confirm(outcome, outcome) is None
    assert await store.due(outcome) is None
    found = await document(store)
    assert list(found.pop("published")) == ["1"]
    assert found == before


async def test_an_outcome_that_is_stored_after_a_confirmed_one_is_due(store: OutcomeStore) -> None:
    first = await store.save(done("a"))
    assert first is not None
    await store.confirm(first, first)
    second = await store.save(done("b"))
    assert second is not None
    assert await store.due(second) == second
    assert await store.due(first) is None, "whoever stored the second one publishes it"


async def test_an_older_outcome_published_last_is_followed_by_the_newest(store: OutcomeStore) -> None:
    first, second = await both(store)
    assert await store.confirm(second, second) is None
    assert await store.confirm(first, first) == second
    assert await store.due(first) == second, "until the newest is the last on the topic"
    assert await store.confirm(first, second) is None
    assert await store.due(first) is None


async def test_an_outcome_that_was_overtaken_leaves_as_the_newest(store: OutcomeStore) -> None:
    first, second = await both(store)
    assert await store.due(first) == second
    assert await store.confirm(first, second) is None
    assert (await store.due(first), await store.due(second)) == (None, None)


async def test_confirmations_at_once_are_all_remembered(store: OutcomeStore) -> None:
    saved = await asyncio.gather(*(store.save(done(f"outcome-{number}")) for number in range(20)))
    outcomes = sorted((one for one in saved if one is not None), key=lambda one: one.revision)
    await asyncio.gather(*(store.confirm(outcome, outcomes[-1]) for outcome in outcomes))
    assert [await store.due(outcome) for outcome in outcomes] == [None] * 20
    assert len((await document(store))["published"]) == 20


async def test_an_outcome_whose_document_is_deleted_meanwhile_is_published(store: OutcomeStore) -> None:
    outcome = await store.save(done("a"))
    assert isinstance(outcome, CallOutcome)
    assert await store.delete_before(datetime(2100, 1, 1, tzinfo=UTC), [outcome.call_id]) == []
    assert await store.due(outcome) is outcome
    assert await store.confirm(outcome, outcome) is None
    assert await store.find("call-1") is None, "a mark makes no document"


async def test_without_the_marks_everything_is_due_again(store: OutcomeStore, mongo_uri: str) -> None:
    """As docs/delivery.md says, for an outcomes topic that was made again."""
    first, second = await both(store)
    await store.confirm(first, second)
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.get_default_database()["calls"].update_many({}, {"$unset": {"published": ""}})
    assert await store.due(first) == second
    assert await store.due(second) == second


async def test_a_failure_with_metadata_that_no_store_could_hold_keeps_it_in_another_form(store: OutcomeStore) -> None:
    agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))
    original = call_ended().model_copy(update={"metadata": {"number": 2**70}}).model_dump_json().encode()
    outcome = await agent.work(dead_letter().model_copy(update={"value": original}))
    assert isinstance(outcome, CallOutcome)
    assert (outcome.state, outcome.metadata) == ("failed", {"number": str(2**70)})


HOP: dict[str, Any] = {"stage": "pbx", "taken_at": "2026-10-05T11:00:00Z", "finished_at": "2026-10-05T11:00:01Z"}


@pytest.mark.parametrize(
    "hop",
    [
        HOP | {"finished_at": "2026-10-05T10:00:00Z"},
        HOP | {"extra": {"nul\0": 1}},
        HOP | {"extra": 2**64},
        HOP | {"stage": "nul\0"},
    ],
    ids=["clock set back", "NUL", "65 bits", "NUL in a stage"],
)
async def test_a_failure_whose_hops_no_store_can_hold_is_visible_all_the_same(
    store: OutcomeStore, hop: dict[str, Any]
) -> None:
    agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))
    original = json.loads(call_ended().model_dump_json()) | {"hops": [hop]}
    letter = dead_letter().model_copy(update={"value": json.dumps(original).encode()})
    outcome = await agent.work(letter)
    assert isinstance(outcome, CallOutcome)
    assert (outcome.call_id, outcome.state, outcome.queue) == (letter.call_id, "failed", call_ended().queue)
    assert (await document(store, outcome.call_id))["state"] == "failed"


async def test_a_store_that_is_away_is_a_transient_error_without_its_password() -> None:
    uri = SecretStr(f"mongodb://callsift:hunter2@127.0.0.1:{free_port()}/?authSource=admin")
    store = OutcomeStore(Database(StoreSettings(uri=uri, timeout_s=0.05)))
    with pytest.raises(MongoUnavailable, match="CALLSIFT_MONGO_URI") as caught:
        await store.save(done("a"))
    store.close()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("uri", ["mongodb://callsift:hun@ter2@host", "mongodb://host:port", "http://host", ""])
def test_an_address_that_is_none_stops_the_start_and_names_the_variable(uri: str) -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_MONGO_URI") as caught:
        OutcomeStore(Database(StoreSettings(uri=SecretStr(uri))))
    assert "ter2" not in str(caught.value)


async def test_calls_are_found_by_time_and_category_with_their_transcripts(store: OutcomeStore) -> None:
    call = call_classified()
    names = {"early": -2, "late": 2}
    for name, hours in names.items():
        moved = call.model_copy(update={"call_id": name, "ended_at": call.ended_at + timedelta(hours=hours)})
        await store.save(core.done(moved, call.ended_at), moved.turns)
    await store.save(failed("o-9", "gone"))

    async def found(**chosen: Any) -> list[str]:
        calls = [one async for _, one in store.transcripts(CallFilter(**chosen))]
        assert all(one.turns == call.turns for one in calls)
        return sorted(one.call_id for one in calls)

    assert await found() == ["early", "late"]
    assert await found(since=call.ended_at) == ["late"]
    assert await found(until=call.ended_at) == ["early"]
    assert await found(category=Leaf("unnecessary_call", None)) == ["early", "late"]
    assert await found(category=Leaf("unnecessary_call", "price_research")) == ["early", "late"]
    assert await found(category=Leaf("unnecessary_call", "complaint")) == []
    assert await found(provisional=True) == (["early", "late"] if call.provisional else [])


async def test_calls_come_in_the_order_in_which_they_ended_also_from_where_somebody_stopped(
    store: OutcomeStore,
) -> None:
    call = call_classified()
    for name, hours in {"b": 0, "d": 2, "a": 1, "c": 1}.items():
        moved = call.model_copy(update={"call_id": name, "ended_at": call.ended_at + timedelta(hours=hours)})
        await store.save(core.done(moved, call.ended_at), moved.turns)

    async def behind(after: str | None, **chosen: Any) -> dict[str, str]:
        return {one.call_id: place_of(one) async for one, _ in store.transcripts(CallFilter(**chosen), after)}

    places = await behind(None)
    assert list(places) == ["b", "a", "c", "d"]
    assert list(await behind(places["a"])) == ["c", "d"]
    between = {"since": call.ended_at, "until": call.ended_at + timedelta(hours=2)}
    assert list(await behind(places["b"], **between)) == ["a", "c"]
    assert await behind(places["c"], **between) == {}


async def test_indexes_are_made_once_and_change_nothing_that_is_found(store: OutcomeStore) -> None:
    missing = await store.missing_indexes()
    assert len(missing) == len(INDEXES)
    assert await store.create_indexes() == missing
    assert (await store.missing_indexes(), await store.create_indexes()) == ([], [])
    call = call_classified()
    outcome = core.done(call, call.ended_at)
    await store.save(outcome.model_copy(update={"provisional": True}), call.turns)
    await store.save(outcome.model_copy(update={"call_id": "other", "provisional": False}), call.turns)
    for chosen, count in {
        CallFilter(): 2,
        CallFilter(since=call.ended_at): 2,
        CallFilter(provisional=True): 1,
        CallFilter(category=Leaf(str(outcome.category), None), until=call.ended_at): 0,
    }.items():
        assert len([one async for one in store.transcripts(chosen)]) == count, chosen
    before = call.ended_at + timedelta(seconds=1)
    assert len(old := await store.decided_before(before, 10)) == 2
    assert await store.delete_before(before, old) == []


@pytest.mark.parametrize("name", ["admin", "config", "local"])
def test_a_database_of_mongodbs_own_is_refused_without_the_password(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name}.*/callsift\?authSource={name}") as refused:
        OutcomeStore(Database(StoreSettings(uri=SecretStr(f"mongodb://callsift:hunter2@127.0.0.1:1/{name}"))))
    assert "hunter2" not in str(refused.value)


@pytest.mark.integration
@pytest.mark.parametrize(("path", "database"), [("", "callsift"), ("/calls-of-today", "calls-of-today")])
async def test_the_address_names_the_database(embedded: str, path: str, database: str) -> None:
    store = OutcomeStore(Database(StoreSettings(uri=SecretStr(embedded + path))))
    await store.save(done("a"))
    store.close()
    with MongoClient[dict[str, Any]](embedded) as client:
        assert client[database]["calls"].count_documents({"_id": done("a").call_id}) == 1


@pytest.mark.integration
def test_the_command_makes_the_indexes_and_its_check_names_those_that_are_missing(embedded: str) -> None:
    variables = {"CALLSIFT_MONGO_URI": with_database(embedded, f"test-{uuid4().hex}")}

    def run(*options: str) -> tuple[int, list[str]]:
        ended = terminal.run(variables, "store", "indexes", "--json", *options)
        return ended.returncode, json.loads(ended.stdout)

    returncode, missing = run("--check")
    assert (returncode, missing[0]) == (1, "decided_at")
    assert run() == (0, missing)
    assert run("--check") == (0, [])


def test_the_command_says_that_the_store_is_away_without_its_password() -> None:
    uri = f"mongodb://callsift:hunter2@127.0.0.1:{free_port()}"
    variables = {"CALLSIFT_MONGO_URI": uri, "CALLSIFT_MONGO_TIMEOUT_S": "0.05"}
    ended = terminal.run(variables, "store", "indexes")
    assert ended.returncode == 1
    assert "CALLSIFT_MONGO_URI" in ended.stderr
    assert "hunter2" not in ended.stderr


async def test_the_duration_of_each_store_operation_is_observed(store: OutcomeStore) -> None:
    before = {operation: observed(operation) for operation in STORE_OPERATIONS}
    outcome = await store.save(done("a"), TURNS)
    assert isinstance(outcome, CallOutcome)
    await store.due(outcome)
    await store.confirm(outcome, outcome)
    await store.save(done("b"), TURNS)  # of the same call: inserted in vain, found, and updated
    assert {operation: observed(operation) - count for operation, count in before.items()} == {
        "find": 2,
        "insert": 2,
        "update": 2,
    }


def observed(operation: str) -> float:
    return REGISTRY.get_sample_value("callsift_store_duration_seconds_count", {"operation": operation}) or 0.0
