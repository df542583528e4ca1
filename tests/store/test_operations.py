"""Operations are leased by one worker at a time, and taken over from one that is gone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from store.calls import OutcomeStore
from store.database import Database
from store.operations import OperationStore
from store.settings import StoreSettings

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
LEASE = timedelta(seconds=30)


@pytest.fixture
async def operations(mongo_uri: str) -> AsyncIterator[OperationStore]:
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    await OutcomeStore(database).create_indexes()
    yield OperationStore(database)
    database.close()


async def test_of_many_workers_that_ask_at_once_one_gets_the_operation(operations: OperationStore) -> None:
    asked = await operations.add("erasure", {"call_ids": ["call-1"]}, "anna", NOW)
    found = await asyncio.gather(*(operations.lease(NOW, LEASE) for _ in range(8)))
    [held] = [one for one in found if one is not None]
    assert (held.id, held.state, held.turn, held.request) == (asked.id, "working", 1, {"call_ids": ["call-1"]})


async def test_an_operation_whose_lease_ended_is_taken_over_and_its_first_holder_changes_nothing_more(
    operations: OperationStore,
) -> None:
    await operations.add("replay", {}, "anna", NOW)
    first = await operations.lease(NOW, LEASE)
    assert first is not None
    assert await operations.keep(first, {"checkpoint": [1], "progress": {"calls": 2}}, NOW + LEASE) is not None
    assert await operations.lease(NOW + LEASE / 2, LEASE) is None
    second = await operations.lease(NOW + LEASE, LEASE)
    assert second is not None
    assert (second.turn, second.takeovers, second.checkpoint, second.progress) == (2, 1, [1], {"calls": 2})
    assert await operations.keep(first, {"checkpoint": [9]}, NOW + 3 * LEASE) is None
    assert not await operations.end(first, "failed", NOW)
    assert not await operations.release(first, NOW)
    assert await operations.end(second, "succeeded", NOW, response={"replayed": 2})
    ended = await operations.find(second.id)
    assert ended is not None
    assert (ended.done, ended.state, ended.response, ended.checkpoint) == (True, "succeeded", {"replayed": 2}, None)
    assert await operations.lease(NOW + 9 * LEASE, LEASE) is None


async def test_what_was_given_back_waits_for_its_moment_and_counts_as_no_takeover(operations: OperationStore) -> None:
    await operations.add("replay", {}, "anna", NOW)
    held = await operations.lease(NOW, LEASE)
    assert held is not None
    assert await operations.release(held, NOW + timedelta(seconds=5))
    assert await operations.lease(NOW, LEASE) is None
    again = await operations.lease(NOW + timedelta(seconds=5), LEASE)
    assert again is not None
    assert (again.turn, again.takeovers) == (2, 0)


async def test_what_nobody_has_begun_is_cancelled_at_once_and_the_rest_is_told(operations: OperationStore) -> None:
    begun = await operations.add("reprocess", {}, "anna", NOW)
    assert await operations.lease(NOW, LEASE) is not None
    waiting = await operations.add("reprocess", {}, "anna", NOW)
    told, ended = await operations.cancel(begun.id, NOW), await operations.cancel(waiting.id, NOW)
    assert told is not None
    assert ended is not None
    assert (told.state, told.cancel_requested) == ("working", True)
    assert (ended.state, ended.done) == ("cancelled", True)
    assert await operations.cancel("nothing", NOW) is None


async def test_what_has_begun_and_waits_to_be_taken_over_is_not_ended_by_a_cancel(operations: OperationStore) -> None:
    await operations.add("erasure", {}, "anna", NOW)
    held = await operations.lease(NOW, LEASE)
    assert held is not None
    assert await operations.keep(held, {"checkpoint": [{"call_id": "call-1"}]}, NOW + LEASE) is not None
    assert await operations.release(held, NOW)
    told = await operations.cancel(held.id, NOW)
    assert told is not None
    assert (told.state, told.cancel_requested) == ("waiting", True)


async def test_a_list_is_newest_first_by_kind_and_by_who_asked(operations: OperationStore) -> None:
    ids = [(await operations.add("replay", {}, who, NOW + timedelta(seconds=n))).id for n, who in enumerate("abab")]
    await operations.add("erasure", {}, "a", NOW)
    everything = await operations.newest({"replay"}, None, None, 9)
    assert [one.id for one in everything] == ids[::-1]
    assert [one.id for one in await operations.newest({"replay"}, "a", ids[3], 1)] == [ids[2]]


async def test_only_operations_that_ended_long_ago_are_removed(operations: OperationStore) -> None:
    old = await operations.add("replay", {}, "anna", NOW)
    await operations.cancel(old.id, NOW)
    still_open = await operations.add("replay", {}, "anna", NOW - timedelta(days=400))
    assert await operations.remove_ended_before(NOW) == 0
    assert await operations.remove_ended_before(NOW + timedelta(days=1)) == 1
    assert await operations.find(old.id) is None
    assert await operations.find(still_open.id) is not None


async def test_an_operation_waits_from_when_it_may_be_taken_until_it_is(operations: OperationStore) -> None:
    assert await operations.waiting_since(NOW) is None
    first = await operations.add("replay", {}, "somebody", NOW)
    await operations.add("replay", {}, "somebody", NOW + timedelta(seconds=20))
    assert await operations.waiting_since(NOW + timedelta(seconds=60)) == NOW
    held = await operations.lease(NOW, 10 * LEASE)
    assert held is not None
    assert held.id == first.id
    assert await operations.waiting_since(NOW + timedelta(seconds=60)) == NOW + timedelta(seconds=20)
    assert await operations.waiting_since(NOW + timedelta(seconds=10)) is None
