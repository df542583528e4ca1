"""Moments that are written over others: nx-27017 makes text of them, and what goes by them goes on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from schemas import CallOutcome
from store.calls import CallFilter, OutcomeStore
from store.database import Database
from store.idempotency import IdempotencyStore, Origin, Turn
from store.operations import OperationStore
from store.settings import StoreSettings
from tests.schemas.examples import call_transcribed
from tests.store.outcomes import done

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
STEPS = [timedelta(seconds=1), timedelta(hours=13)]
"""Within one second nx-27017 does not tell moments apart that were written over others."""


@pytest.fixture
async def database(mongo_uri: str) -> AsyncIterator[Database]:
    found = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    yield found
    found.close()


def at(outcome_id: str, moment: datetime) -> CallOutcome:
    return done(outcome_id).model_copy(update={"ended_at": moment, "decided_at": moment})


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_call_that_was_decided_again_is_found_by_its_newest_moments(
    store: OutcomeStore, step: timedelta
) -> None:
    await store.save(at("a", NOON - timedelta(days=9)), call_transcribed().turns)
    await store.save(at("b", NOON))

    async def reprocessed(since: datetime | None, until: datetime | None) -> int:
        return len([one async for one in store.transcripts(CallFilter(since=since, until=until))])

    assert [await reprocessed(NOON - step, None), await reprocessed(NOON + step, None)] == [1, 0]
    assert [await reprocessed(None, NOON - step), await reprocessed(None, NOON + step)] == [0, 1]
    assert [await store.decided_before(NOON - step, 9), await store.decided_before(NOON + step, 9)] == [[], ["call-1"]]
    assert await reprocessed(NOON, NOON + step) == 1


async def test_an_operation_that_ended_says_when_with_its_offset(database: Database) -> None:
    operations = OperationStore(database)
    added = await operations.add("replay", {}, "anna", NOON)
    for found in (await operations.cancel(added.id, NOON), await operations.find(added.id)):
        assert found is not None
        assert (found.created_at, found.ended_at) == (NOON, NOON)
    assert await operations.remove_ended_before(NOON) == 0
    assert await operations.remove_ended_before(NOON + timedelta(seconds=1)) == 1


async def test_a_request_whose_work_died_twice_is_done_by_one_of_those_who_send_it_again(database: Database) -> None:
    keys, died = IdempotencyStore(database), timedelta(minutes=3)
    for number in range(3):
        now = NOON + number * died
        turns = [(await keys.begin("key", "same", Origin.new(now), now)).turn for _ in range(2)]
        assert turns == [Turn.WORK, Turn.RUNNING]
    await keys.answered("key", {"status": 202})
    assert (await keys.begin("key", "same", Origin.new(now), NOON + 2 * died)).answer == {"status": 202}
    assert (await keys.begin("key", "other", Origin.new(now), NOON + 2 * died)).turn is Turn.ANOTHER
    assert await keys.remove_old(NOON + timedelta(hours=24)) == 0
    assert await keys.remove_old(NOON + timedelta(hours=25)) == 1
