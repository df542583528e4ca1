"""Calls that end up in a sample's days after its list was closed: each is drawn by its own rank."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from api.access import Principal
from api.services import Services
from pages.review.measure import draw_of
from pages.review.sampling import CannotDraw, Listed, item_of, listed_calls, scope_name
from review.drawing import Taken, draw_late, mark
from review.strata import stratum_of
from store.arrivals import Arrivals, ArrivalStore
from store.samples import Item, Sample, SampleStore, Stratum

A_WHILE = timedelta(hours=1)
"""Whoever reads the next call looks for late ones again after this; the button looks at once."""


class Came(NamedTuple):
    """What came since somebody looked last."""

    after: Arrivals
    marks: frozenset[int]
    """Of all calls that are known."""
    taken: tuple[Taken, ...]
    """What is drawn of it."""


def may_look(sample: Sample, who: Principal) -> bool:
    """Tell whether somebody sees just the calls that a sample was drawn from: others would miss some, or see more."""
    return scope_name(who.scope) == sample.scope


async def look_for_late_calls(
    services: Services, who: Principal, sample: Sample, zone: ZoneInfo, now: datetime, *, unless_since: timedelta
) -> None:
    """Draw from the calls that came since somebody looked last, unless that is a short while ago.

    Raises:
        MongoUnavailable: The store did not answer.
    """
    store, samples = ArrivalStore(services.database), SampleStore(services.database)
    before = await store.find(sample.sample_id)
    if before is None or not may_look(sample, who) or now - before.looked_at < unless_since:
        return
    try:
        listed = await listed_calls(services, who, sample.first_day, sample.last_day, zone)
    except CannotDraw:  # nothing is there any more, or too much
        return
    known = await store.known(sample.sample_id)
    came = await asyncio.to_thread(_came, sample, before, known, listed, now.astimezone(UTC))
    # First noted, so that of two who look one draws. Whoever dies in between leaves calls that nobody reads; which ones
    # they are hangs on their ranks alone, as with every call that is not read yet.
    if await store.note(before, came.after, came.marks):
        items = await samples.items(sample.sample_id)
        await samples.append([_item(sample, items, one, listed) for one in came.taken])


def _came(sample: Sample, before: Arrivals, known: frozenset[int], listed: Mapping[str, Listed], now: datetime) -> Came:
    seed = str(sample.seed)
    marks = {mark(seed, call_id): one.candidate for call_id, one in listed.items()}
    late = [candidate for own, candidate in marks.items() if own not in known]
    draw = draw_of(sample, (), before)
    stratum = stratum_of if sample.by == "stratum" else lambda _: ""
    counts = Counter({one.name: one.size for one in before.strata}) + Counter(map(stratum, late))
    after = Arrivals(
        sample_id=sample.sample_id,
        strata=tuple(Stratum(name=name, size=size, p=draw.chance(name)) for name, size in sorted(counts.items())),
        machine=tuple(sorted((Counter(dict(before.machine)) + Counter(one.category for one in late)).items())),
        looked_at=now,
        looks=before.looks + 1,
    )
    return Came(after, known | marks.keys(), draw_late(draw, late, stratum))


def _item(sample: Sample, items: Sequence[Item], taken: Taken, listed: Mapping[str, Listed]) -> Item:
    turn = taken.part * sum(not one.is_late for one in items)
    return item_of(sample.sample_id, len(items) + 1, taken, listed[taken.call_id], turn)
