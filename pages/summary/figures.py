"""The figures of the summary: counted by the functions that the API's statistics and the pages are made of."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict

from pages.call_backs.finding import find_call_backs
from pages.call_backs.view import CallBack
from pages.insight.lost import WAYS_BEFORE, by_first, lost_before
from pages.insight.question import InsightQuestion, Span
from schemas import DISPOSITIONS, Taxonomies
from store.database import Database
from store.search import CallQuery, CallSearch
from store.stats import Survey, survey
from streams.monitor import Status


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Compared(_Part):
    """How many there were on three days."""

    count: int
    """On the day."""
    day_before: int
    """On the day before."""
    same_weekday: int
    """On the same weekday of the week before."""


class CallBacks(_Part):
    """Callers who agreed on a time and whom nobody has reached yet, when the summary is made."""

    open: int
    """All of them, but those given up."""
    late: int
    """Of these, those whose time has passed."""
    due_today: int
    """Of these, those whose time is still to come on the day on which the summary is made."""

    @classmethod
    def of(cls, found: Collection[CallBack], now: datetime, zone: ZoneInfo) -> Self:
        """Count call-backs."""
        waiting = [one.due_at for one in found if one.state == "open"]
        today = now.astimezone(zone).date()
        due_today = sum(now < at and at.astimezone(zone).date() == today for at in waiting)
        return cls(open=len(waiting), late=sum(at <= now for at in waiting), due_today=due_today)


class Pipeline(_Part):
    """What the brokers know, when the summary is made."""

    dead_letters: int
    """Dead letters that nobody has replayed."""
    late: dict[str, float]
    """Stages, and the retry mover, whose oldest message has waited for too long: seconds that it has."""


class Summary(_Part):
    """What a day's calls were. It has counts and codes alone: nothing of a caller, an agent or what was said."""

    day: date
    """The day, in the time zone."""
    time_zone: str
    """Where the day begins and ends."""
    made_at: AwareDatetime
    """When the summary was made (UTC); later it may count more: calls arrive late, and people correct."""
    calls: Compared
    """Calls that ended on the day and have an outcome."""
    categories: dict[str, Compared]
    """Calls by category, each of the taxonomies in use."""
    lost: Compared
    """Lost jobs: unnecessary calls, and those that reached nobody."""
    lost_by_reason: dict[str, Compared]
    """Unnecessary calls by sub-category."""
    without_recording: dict[str, Compared]
    """Calls without a recording by disposition: all but the answered ones reached nobody."""
    failed: Compared
    """Calls that could not be processed; a replay may mend them."""
    call_backs: CallBacks
    """Call-backs that are due."""
    pipeline: Pipeline | None
    """What waits; null where the brokers did not say."""


async def summarize(database: Database, day: date, zone: ZoneInfo, now: datetime, pipeline: Pipeline | None) -> Summary:
    """Count a day's calls, and those of the day before and of the same weekday a week ago.

    Args:
        database: Where the outcomes are.
        day: The day, in ``zone``.
        zone: Where days begin and end.
        now: The time.
        pipeline: What the brokers know.

    Raises:
        SearchTooSlow: It took longer than the store's time-out.
        MongoUnavailable: MongoDB did not answer.
    """
    search = CallSearch(database)
    days = [
        await survey(search, day_of(one, zone), (), WAYS_BEFORE, zone)
        for one in (day, day - timedelta(days=1), day - timedelta(days=7))
    ]
    back, _ = await find_call_backs(search, CallQuery(), now, most=None)
    lost = [lost_before(found) for found in days]
    known = [category for taxonomy in Taxonomies.load().all for category in taxonomy.categories]
    subs = [sub.code for one in known for sub in one.sub_categories]
    categories = [_categories(found) for found in days]
    went = [Counter({str(how): n for (how,), n in by_first(found.counts[1])["unrecorded"].items()}) for found in days]
    return Summary(
        day=day,
        time_zone=zone.key,
        made_at=now,
        calls=_compared([found.everything.calls for found in days]),
        categories=_by_code([one.code for one in known], categories),
        lost=_compared([one.total for one in lost]),
        lost_by_reason=_by_code(subs, [one.reasons for one in lost]),
        without_recording=_by_code(DISPOSITIONS, went),
        failed=_compared([found.everything.failed for found in days]),
        call_backs=CallBacks.of(back, now, zone),
        pipeline=pipeline,
    )


def day_of(day: date, zone: ZoneInfo) -> CallQuery:
    """Return which calls ended on a day, as Insight means it."""
    filters = InsightQuestion().filters(Span(day, day), zone)
    return CallQuery(ended_since=filters.ended_since, ended_before=filters.ended_before)


def pipeline_of(status: Status, late_after: timedelta) -> Pipeline:
    """Return what of the pipeline's status belongs into a summary."""
    ages = {group.name: status.age_s(group.waiting_since) for group in status.groups}
    late = {name: age_s for name, age_s in ages.items() if age_s is not None and age_s >= late_after.total_seconds()}
    return Pipeline(dead_letters=status.dead_letters.not_replayed, late=late)


def _categories(found: Survey) -> Counter[str]:
    counted = Counter[str]()
    for (category, _), n in found.counts[0].items():
        counted.update({category: n} if category else {})
    return counted


def _by_code(known: Collection[str], days: list[Counter[str]]) -> dict[str, Compared]:
    """Return counts by code: all that are known, and those of another taxonomy that occur."""
    codes = dict.fromkeys((*known, *sorted(set[str]().union(*days).difference(known))))
    return {code: _compared([counts[code] for counts in days]) for code in codes}


def _compared(counts: list[int]) -> Compared:
    return Compared(count=counts[0], day_before=counts[1], same_weekday=counts[2])
