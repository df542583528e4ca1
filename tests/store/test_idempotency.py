"""Requests that may come twice: one of them does the work, and a later one does the same if that died."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from store.database import Database
from store.idempotency import KEPT, Found, IdempotencyStore, Origin, Turn
from store.settings import StoreSettings

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
DEAD = timedelta(minutes=3)
"""Longer than whoever works on a request may be silent."""


@pytest.fixture
def keys(mongo_uri: str) -> Iterator[IdempotencyStore]:
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    yield IdempotencyStore(database)
    database.close()


async def tried(keys: IdempotencyStore, after: timedelta, fingerprint: str = "same") -> Found:
    return await keys.begin("key", fingerprint, Origin.new(NOW + after), NOW + after)


async def test_one_that_died_is_taken_over_as_often_as_it_takes_from_the_same_origin(keys: IdempotencyStore) -> None:
    first = await tried(keys, timedelta())
    assert (await tried(keys, timedelta(seconds=1))).turn is Turn.RUNNING
    later = [await tried(keys, number * DEAD) for number in range(1, 4)]
    assert [one.turn for one in later] == [Turn.WORK] * 3
    assert {one.origin for one in later} == {first.origin}


async def test_one_that_was_given_back_is_done_again_at_once_from_the_same_origin(keys: IdempotencyStore) -> None:
    first = await tried(keys, timedelta())
    await keys.give_back("key")
    assert await tried(keys, timedelta(seconds=1)) == first


async def test_one_that_says_that_it_works_is_not_taken_over_until_it_is_silent(keys: IdempotencyStore) -> None:
    await tried(keys, timedelta())
    for number in range(1, 4):
        await keys.renew("key", NOW + number * DEAD)
        assert (await tried(keys, number * DEAD + DEAD / 2)).turn is Turn.RUNNING
    assert (await tried(keys, 4 * DEAD)).turn is Turn.WORK


async def test_one_that_was_given_back_is_not_taken_again_by_a_late_word_of_its_work(keys: IdempotencyStore) -> None:
    await tried(keys, timedelta())
    await keys.give_back("key")
    await keys.renew("key", NOW)
    assert (await tried(keys, timedelta(seconds=1))).turn is Turn.WORK


async def test_an_answer_is_given_again_and_belongs_to_what_was_sent(keys: IdempotencyStore) -> None:
    await tried(keys, timedelta())
    await keys.answered("key", {"status": 202})
    assert (await tried(keys, DEAD)).answer == {"status": 202}
    assert (await tried(keys, DEAD, "another")).turn is Turn.ANOTHER


async def test_a_key_that_is_forgotten_or_a_day_old_may_be_sent_with_something_else(keys: IdempotencyStore) -> None:
    first = await tried(keys, timedelta())
    await keys.forget("key")
    second = await tried(keys, timedelta(seconds=1), "another")
    await keys.answered("key", {"status": 202})
    third = await tried(keys, KEPT + DEAD, "a third")
    assert [one.turn for one in (second, third)] == [Turn.WORK] * 2
    assert len({one.origin.id for one in (first, second, third)}) == 3


async def test_old_keys_are_removed_those_that_were_taken_over_too(keys: IdempotencyStore) -> None:
    await tried(keys, timedelta())
    await tried(keys, DEAD)
    assert await keys.remove_old(NOW + KEPT - DEAD) == 0
    assert await keys.remove_old(NOW + KEPT + DEAD) == 1
