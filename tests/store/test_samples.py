"""Samples in every store: what was drawn, and who reads it."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from store.calls import OutcomeStore
from store.samples import Item, Reading, Sample, SampleStore, Stratum

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


def sample(sample_id: str) -> Sample:
    return Sample(
        sample_id=sample_id,
        first_day=date(2026, 11, 21),
        last_day=date(2026, 11, 27),
        filters=(("scope", "abc"),),
        scope="abc",
        by="stratum",
        seed=2**63 - 1,
        digest="0" * 64,
        second=0.2,
        strata=(Stratum(name="complaint/0", size=3, p=1 / 3),),
        machine=(("complaint", 3),),
        who="ann",
        drawn_at=NOW,
    )


def item(sample_id: str, place: int, call_id: str) -> Item:
    return Item(
        sample_id=sample_id,
        place=place,
        call_id=call_id,
        period="2026-W48",
        p=1 / 3,
        stratum="complaint/0",
        is_second=True,
    )


@pytest.fixture
async def samples(store: OutcomeStore) -> SampleStore:
    """Keep two samples that share a call."""
    kept = SampleStore(store._database)
    await kept.add(sample("a"), [item("a", place, f"call-{place}") for place in range(1, 12)])
    await kept.add(sample("b"), [item("b", 1, "call-1")])
    return kept


async def current(samples: SampleStore) -> Item:
    found = await samples.item("a", 1)
    assert found is not None
    return found


async def test_a_sample_is_found_as_it_was_kept_with_its_calls_in_their_order(samples: SampleStore) -> None:
    assert await samples.all() == [sample("b"), sample("a")]
    assert (await samples.find("a"), await samples.find("c")) == (sample("a"), None)
    assert await samples.items("a") == [item("a", place, f"call-{place}") for place in range(1, 12)]
    assert (await samples.item("b", 1), await samples.item("b", 2)) == (item("b", 1, "call-1"), None)


async def test_of_two_who_ask_at_once_one_gets_a_call_and_who_is_late_loses_it(samples: SampleStore) -> None:
    free = await current(samples)
    taken = await asyncio.gather(*(samples.take(free, "first", who, NOW) for who in ("ann", "bob")))
    assert sorted(taken) == [False, True]
    held, later = await current(samples), NOW + timedelta(hours=2)
    assert held.first is not None
    assert held.first.who == ("ann" if taken[0] else "bob")
    assert await samples.take(held, "first", "cem", later)
    assert (await current(samples)).first == Reading(who="cem", since=later)
    assert not await samples.answer(held, "first", "complaint")
    assert not await samples.finish(held, "first", "complaint", "l1")
    assert await samples.take(held, "second", "dan", NOW)


async def test_the_first_word_holds_and_what_is_done_is_nobodys_any_more(samples: SampleStore) -> None:
    await samples.take(await current(samples), "first", "ann", NOW)
    held = await current(samples)
    assert await samples.answer(held, "first", "complaint")
    assert not await samples.answer(held, "first", "others")
    assert await samples.finish(await current(samples), "first", "complaint", "l1")
    done = await current(samples)
    assert done.first == Reading(who="ann", since=NOW, said="complaint", label_id="l1")
    assert done.label_ids == ["l1"]
    assert not await samples.take(done, "first", "bob", NOW + timedelta(days=1))
    assert not await samples.finish(done, "first", "others", "l2")


async def test_nothing_leads_to_a_call_that_is_forgotten_and_how_it_was_drawn_stays(samples: SampleStore) -> None:
    await samples.detach(["call-1", "call-7"])
    gone = {(one.sample_id, one.place) for name in "ab" for one in await samples.items(name) if one.call_id is None}
    assert gone == {("a", 1), ("b", 1), ("a", 7)}
    assert await current(samples) == item("a", 1, "call-1").model_copy(update={"call_id": None})
