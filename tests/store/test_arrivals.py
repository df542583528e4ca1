"""What comes after a sample's list was closed, in every store."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from store.arrivals import Arrivals, ArrivalStore
from store.calls import OutcomeStore
from store.samples import SampleStore, Stratum
from tests.store.test_samples import item, sample

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
MARKS = {0, 1, 255, 2**63, 2**64 - 1}


@pytest.fixture
async def arrivals(store: OutcomeStore) -> ArrivalStore:
    kept = ArrivalStore(store._database)
    await kept.close_list("a", MARKS, NOW)
    await kept.close_list("b", [], NOW)
    return kept


async def test_a_list_is_known_as_it_was_closed(arrivals: ArrivalStore) -> None:
    assert [await arrivals.known(name) for name in "abc"] == [MARKS, frozenset(), frozenset()]
    closed = Arrivals(sample_id="a", looked_at=NOW)
    assert (await arrivals.find("a"), await arrivals.find("c")) == (closed, None)
    assert await arrivals.all() == {"a": closed, "b": closed.model_copy(update={"sample_id": "b"})}


async def test_what_came_is_noted_once_although_two_look(arrivals: ArrivalStore) -> None:
    before = await arrivals.find("a")
    assert before is not None
    came = [
        Arrivals(
            sample_id="a",
            strata=(Stratum(name="complaint/0", size=size, p=0.1),),
            machine=(("complaint", size),),
            looked_at=NOW + timedelta(microseconds=size),
            looks=1,
        )
        for size in (1, 2)
    ]
    noted = await asyncio.gather(*(arrivals.note(before, one, MARKS | {7}) for one in came))
    assert sorted(noted) == [False, True]
    assert await arrivals.find("a") == came[noted.index(True)]
    assert await arrivals.known("a") == MARKS | {7}


async def test_a_list_of_as_many_calls_as_can_be_drawn_from_is_kept(arrivals: ArrivalStore) -> None:
    marks = frozenset(range(0, 200_000 * 2**40, 2**40))
    await arrivals.close_list("large", marks, NOW)
    assert await arrivals.known("large") == marks


async def test_calls_that_came_late_are_added_at_free_places_and_read_in_their_turn(store: OutcomeStore) -> None:
    samples = SampleStore(store._database)
    await samples.add(sample("a"), [item("a", place, f"call-{place}") for place in range(1, 4)])
    late = [item("a", 3, f"late-{turn}").model_copy(update={"turn": turn}) for turn in (2.5, 0.5)]
    await samples.append(late)
    found = await samples.items("a")
    assert [one.call_id for one in found] == ["late-0.5", "call-1", "call-2", "late-2.5", "call-3"]
    assert sorted(one.place for one in found) == [1, 2, 3, 4, 5]
    assert [one.is_late for one in found] == [True, False, False, True, False]
    again = await samples.item("a", 4)
    assert again is not None and again.call_id == "late-2.5"
