"""Labels and facts in every store: what becomes of the call's document, and what is kept of each label."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from agents.sink.agent import SinkAgent
from schemas import CallOutcome, Label
from store.calls import OutcomeStore
from store.database import as_text
from store.errors import ForgottenCall
from store.forgetting import ForgettingStore
from store.labels import LabelStore, StoredLabel
from store.search import CallQuery, CallSearch
from streams.privacy import CallerPrivacy
from streams.settings import PrivacySettings
from tests.schemas.examples import call_classified, call_transcribed
from tests.store.annotations import FIRST, facts, label
from tests.store.outcomes import done

CALL = "call-1"
A_DAY = timedelta(days=1)


@pytest.fixture
def labels(store: OutcomeStore) -> LabelStore:
    return LabelStore(store._database)


async def document(store: OutcomeStore) -> dict[str, Any]:
    found = await store.find(CALL)
    assert found is not None
    return found


async def counted(labels: LabelStore, since: datetime = FIRST - A_DAY) -> list[StoredLabel]:
    return [one async for one in labels.between(since, FIRST + A_DAY)]


async def test_a_label_is_stored_with_the_call_and_among_the_labels(store: OutcomeStore, labels: LabelStore) -> None:
    await store.save(done("a"), call_transcribed().turns)
    before = await document(store)
    verdict = await store.annotate(label("l1", 1))
    after = await document(store)
    assert verdict.stored is not None
    assert CallOutcome.model_validate(after["outcome"]) == verdict.stored
    assert (after["revision"], after["category"], after["sub_category"]) == (2, "unnecessary_call", "complaint")
    assert [entry["outcome_id"] for entry in after["history"]] == ["a", "l1"]
    for name in ("turns", "words", "search"):
        assert after[name] == before[name], name
    found = await labels.find("l1")
    assert found is not None
    assert label("l1", 1).label == Label.model_validate(found.model_dump(), extra="ignore")
    assert (found.call_id, found.reviewer, found.at, found.refused) == (CALL, "ann", FIRST, None)
    assert (await labels.of_call(CALL), await counted(labels)) == ([found], [found])
    assert (await labels.find("l2"), await labels.of_call("call-2")) == (None, [])


async def test_calls_are_found_by_who_decided_and_by_the_persons_category(store: OutcomeStore) -> None:
    for call_id in (CALL, "call-2"):
        await store.save(done("a", call_id))
    await store.annotate(label("l1", 1))
    search = CallSearch(store._database)
    for query, expected in (
        (CallQuery(source="human"), CALL),
        (CallQuery(among={"sub_category": ["complaint"]}), CALL),
        (CallQuery(source="machine"), "call-2"),
        (CallQuery(confidence_from=0.0), "call-2"),
    ):
        assert [one["_id"] for one in await search.page(query, 9)] == [expected], query


async def test_a_label_that_comes_again_is_kept_once(store: OutcomeStore, labels: LabelStore) -> None:
    await store.save(done("a"))
    verdicts = await asyncio.gather(*(store.annotate(label("l1", 1)) for _ in range(10)))
    assert {verdict.stored and verdict.stored.revision for verdict in verdicts} == {2}
    assert (await document(store))["revision"] == 2
    assert len(await labels.of_call(CALL)) == 1


async def test_a_label_whose_sink_died_before_it_was_among_the_labels_is_put_there(
    store: OutcomeStore, labels: LabelStore
) -> None:
    await store.save(done("a"))
    await store.annotate(label("l1", 1))
    expected = await labels.find("l1")
    await labels._labels.delete_many({})
    await store.save(done("b"))
    await store.annotate(label("l1", 1))
    assert await labels.find("l1") == expected


async def test_of_labels_at_once_one_holds_and_the_others_are_refused_for_good(
    store: OutcomeStore, labels: LabelStore
) -> None:
    await store.save(done("a"))
    given = [label(f"l{number}", 1) for number in range(6)]
    verdicts = await asyncio.gather(*map(store.annotate, given))
    assert sorted(verdict.is_refused for verdict in verdicts) == [False, *[True] * 5]
    later = label("later", 3)
    assert (await store.annotate(later)).is_refused
    await store.save(done("b"))
    assert (await document(store))["revision"] == 3
    assert (await store.annotate(later)).is_refused
    assert len(await labels.of_call(CALL)) == 7
    assert [one.refused for one in await counted(labels)] == [None]


async def test_a_measurement_is_among_the_labels_alone(store: OutcomeStore, labels: LabelStore) -> None:
    await store.save(done("a"))
    before = await document(store)
    assert (await store.annotate(label("m1", 1, decides=False))).stored is None
    assert await document(store) == before
    [found] = await counted(labels)
    assert (found.decides, found.machine and found.machine.category) == (False, "unnecessary_call")


async def test_labels_and_facts_and_classifications_at_once_are_all_there(store: OutcomeStore) -> None:
    await store.save(done("a"))
    told: list[dict[str, Any]] = [{f"fact_{number}": number} for number in range(8)]
    said = [facts(f"f{number}", number, **fact) for number, fact in enumerate(told)]
    await asyncio.gather(*map(store.annotate, said), *(store.save(done(f"b{number}")) for number in range(4)))
    found = await document(store)
    assert found["revision"] == 13
    assert found["outcome"]["facts"] == {f"fact_{number}": number for number in range(8)}


async def test_the_sink_publishes_a_label_until_it_is_confirmed_and_then_no_more(store: OutcomeStore) -> None:
    agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))
    call = call_classified()
    first = await agent.work(call)
    assert isinstance(first, CallOutcome)
    assert await agent.follow_up(first, first) is None
    given = label("l1", 1, call_id=call.call_id)
    for _ in range(2):
        stored = await agent.work(given)
        assert isinstance(stored, CallOutcome)
        assert await agent.due(stored) == stored
        last = stored
    assert await agent.follow_up(last, last) is None
    again = await agent.work(given)
    assert isinstance(again, CallOutcome)
    assert await agent.due(again) is None
    assert await agent.work(label("stale", 1, call_id=call.call_id)) is None
    assert await agent.work(label("measured", 1, call_id=call.call_id, decides=False)) is None


async def test_a_classification_that_supersedes_a_label_is_stored_as_the_machines(store: OutcomeStore) -> None:
    agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))
    call = call_classified()
    await agent.work(call)
    await agent.work(label("l1", 1, call_id=call.call_id))
    for supersedes, source in ((None, "human"), ("another", "human"), ("l1", "machine"), ("l1", "machine")):
        await agent.work(call.model_copy(update={"supersedes_label": supersedes}))
        found = await store.find(call.call_id)
        assert found is not None
        assert found["outcome"]["source"] == source
        last = found["revision"], found["sub_category"]
    assert last == (3, "price_research")


async def test_nothing_is_stored_of_what_is_said_of_a_forgotten_call(store: OutcomeStore, labels: LabelStore) -> None:
    await store.save(done("a"))
    await ForgettingStore(store._database).forget(CALL, datetime.now(UTC))
    for said in (label("l1", 1), facts("f1", value=1), label("m1", 1, decides=False)):
        with pytest.raises(ForgottenCall):
            await store.annotate(said)
    assert await labels.of_call(CALL) == []


async def test_of_a_call_that_is_gone_the_tallies_stay_and_nothing_leads_back_to_it(
    store: OutcomeStore, labels: LabelStore
) -> None:
    for call_id in (CALL, "call-2"):
        await store.save(done("a", call_id))
    said = [label("l1", 1), label("m1", 1, decides=False), label("stale", 9), label("other", 1, call_id="call-2")]
    for one in said:
        await store.annotate(one)
    before = {one.label_id: one for one in await counted(labels)}
    assert await labels.detach([CALL, "unknown"]) == 3
    after = {one.label_id: one for one in await counted(labels)}
    assert after.keys() == before.keys() == {"l1", "m1", "other"}
    assert after["other"] == before["other"]
    gone = {"call_id", "note", "seconds", "at", "group"}
    for name in ("l1", "m1"):
        assert after[name].model_dump(exclude=gone) == before[name].model_dump(exclude=gone)
        found = after[name]
        assert (found.call_id, found.note, found.seconds) == (None, None, None)
        assert found.at == FIRST.replace(hour=0)
    assert after["l1"].subject == after["m1"].subject != after["other"].subject
    everything = [str(one) async for one in labels._labels.find({"_id": {"$ne": "other"}})]
    assert [text for text in everything if CALL in text] == []
    assert await labels.detach([CALL]) == 0


@pytest.mark.parametrize(
    ("index", "filter_"),
    [
        ("call_id", {"call_id": CALL}),
        ("at", {"at": {"$gte": as_text(FIRST), "$lt": as_text(FIRST + A_DAY)}, "refused": None}),
    ],
)
async def test_each_question_about_labels_uses_an_index(
    store: OutcomeStore, labels: LabelStore, mongo_uri: str, index: str, filter_: dict[str, Any]
) -> None:
    """mongo-java-server has no secondary indexes, and explains nothing."""
    await store.create_indexes()
    await store.save(done("a"))
    await store.annotate(label("l1", 1))
    assert len(await labels.of_call(CALL)) == len(await counted(labels)) == 1
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        command = {"find": "calls_labels", "filter": filter_}
        try:
            plan = str(client.get_default_database().command("explain", command)["queryPlanner"]["winningPlan"])
        except Exception as error:  # noqa: BLE001 - each server refuses it in its own way
            pytest.skip(f"the server explains no query: {type(error).__name__}")
    assert f"USING INDEX idx_calls_labels_{index}" in plan or ("IXSCAN" in plan and f"'{index}'" in plan), plan
