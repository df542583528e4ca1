"""Documents that are too old."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from callsift.embedded import free_port
from store.calls import OutcomeStore
from store.database import Database
from store.errors import MongoUnavailable
from store.forgetting import ForgettingStore
from store.settings import StoreSettings
from tests.store.outcomes import done

DECIDED_AT = datetime(2026, 10, 5, 11, 3, 34, tzinfo=UTC)


async def test_documents_decided_before_a_moment_go_and_the_others_stay(store: OutcomeStore) -> None:
    for number in range(5):
        outcome = done(f"o-{number}").model_copy(
            update={"call_id": f"call-{number}", "decided_at": DECIDED_AT + timedelta(days=number)}
        )
        await store.save(outcome)
    before = DECIDED_AT + timedelta(days=2)
    assert (await store.count(), await store.count(before)) == (5, 2)
    found = await store.decided_before(before, 1)
    found += await store.decided_before(before, 10)
    assert (found[0] in found[1:], sorted(found[1:])) == (True, ["call-0", "call-1"])
    assert await store.delete_before(before, ["call-0", "call-1"]) == []
    assert [number for number in range(5) if await store.find(f"call-{number}")] == [2, 3, 4]
    assert await store.decided_before(before, 10) == []


async def test_a_document_is_as_old_as_its_newest_outcome(store: OutcomeStore) -> None:
    await store.save(done("a"))
    await store.save(done("b").model_copy(update={"decided_at": DECIDED_AT + timedelta(days=9)}))
    before = DECIDED_AT + timedelta(days=2)
    assert await store.decided_before(before, 10) == []
    [left] = await store.delete_before(before, [done("a").call_id])
    assert (left.revision, left.decided_at) == (2, DECIDED_AT + timedelta(days=9))


async def test_a_document_on_hold_stays_and_one_that_was_forgotten_leaves_no_outcome(mongo_uri: str) -> None:
    store = ForgettingStore(Database(StoreSettings(uri=SecretStr(mongo_uri))))
    for name in ("held", "forgotten"):
        await store.save(done(name).model_copy(update={"call_id": name}))
    await store.hold("held", "a lawsuit", "somebody", DECIDED_AT)
    await store.forget("forgotten", DECIDED_AT)
    before = DECIDED_AT + timedelta(days=400)
    assert (await store.count(before), await store.decided_before(before, 10)) == (0, [])
    assert [left.call_id for left in await store.delete_before(before, ["held", "forgotten"])] == ["held"]
    store.close()


async def test_a_store_that_is_away_is_named() -> None:
    uri = SecretStr(f"mongodb://127.0.0.1:{free_port()}")
    store = OutcomeStore(Database(StoreSettings(uri=uri, timeout_s=0.2)))
    with pytest.raises(MongoUnavailable):
        await store.delete_before(DECIDED_AT, ["call-0"])
    with pytest.raises(MongoUnavailable):
        await store.count()
    store.close()
