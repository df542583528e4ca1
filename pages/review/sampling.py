"""Drawing a sample: the list of calls is closed first, then the seed is chosen."""

import asyncio
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter

from api.access import Principal, Scope
from api.services import Services
from pages.calls.question import CallsQuestion
from review.drawing import Candidate, Draw, Frame, Taken, draw_random, draw_stratified, mark
from review.strata import neyman, stratified
from store.arrivals import ArrivalStore
from store.database import Document, part
from store.samples import Item, Sample, SampleStore, Stratum
from store.search import CallSearch

_A_PAGE, _MOST_CALLS = 1000, 200_000
_MOST_DRAWN = 2000
_WANTED = dict.fromkeys(
    (
        "search",
        "outcome.ended_at",
        "outcome.source",
        "outcome.category",
        "outcome.sub_category",
        "outcome.confidence",
        "outcome.machine",
    ),
    1,
)
_MOMENT = TypeAdapter[datetime](AwareDatetime)


class CannotDraw(Exception):
    """There is no such sample to draw; the text is the key of why."""


class DrawForm(BaseModel):
    """The form that a sample is drawn with."""

    first_day: date = Field(alias="from")
    last_day: date = Field(alias="to")
    by: Literal["random", "stratum"] = "stratum"
    """random: every call has the same chance. stratum: more where the machine is less sure."""
    size: int = Field(default=100, ge=1, le=_MOST_DRAWN)
    """How many calls to draw; all, where there are fewer."""
    second: int = Field(default=20, ge=0, le=100)
    """Per cent of them that two people read."""


@dataclass(frozen=True)
class Listed:
    """A call that may be drawn, and in which week it ended."""

    candidate: Candidate
    period: str


async def draw_sample(services: Services, who: Principal, form: DrawForm, zone: ZoneInfo) -> Sample:
    """Draw a sample from the calls that somebody may see, and keep it.

    Raises:
        CannotDraw: There are no calls, too many of them, or fewer are to be drawn than there are strata.
        MongoUnavailable: The store did not answer.
    """
    listed = await listed_calls(services, who, form.first_day, form.last_day, zone)
    scope = scope_name(who.scope)
    frame = Frame(form.first_day, form.last_day, (("scope", scope),) if scope else ())
    seed = secrets.randbelow(2**63)
    draw = await asyncio.to_thread(_drawn, frame, [one.candidate for one in listed.values()], form, str(seed))
    now = datetime.now(UTC)
    sample = Sample(
        sample_id=f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(4)}",
        first_day=form.first_day,
        last_day=form.last_day,
        filters=frame.filters,
        scope=scope,
        by=form.by,
        seed=seed,
        digest=draw.digest,
        second=draw.second,
        strata=tuple(Stratum(name=name, size=size, p=draw.chances[name]) for name, size in draw.sizes.items()),
        machine=tuple(sorted(Counter(one.candidate.category for one in listed.values()).items())),
        who=who.name,
        drawn_at=now,
    )
    marks = [mark(str(seed), call_id) for call_id in listed]
    await ArrivalStore(services.database).close_list(sample.sample_id, marks, now)
    await SampleStore(services.database).add(sample, _items(sample, draw, listed))
    return sample


def scope_name(scope: Scope) -> str:
    """Return a short name of a scope, the same for equal ones; empty for all calls."""
    if scope.is_everywhere:
        return ""
    return hashlib.sha256(json.dumps(scope.query(), sort_keys=True).encode()).hexdigest()[:12]


def may_see(sample: Sample, who: Principal) -> bool:
    """Tell whether a sample has only calls that somebody may see."""
    return who.scope.is_everywhere or sample.scope == scope_name(who.scope)


async def listed_calls(
    services: Services, who: Principal, first_day: date, last_day: date, zone: ZoneInfo
) -> dict[str, Listed]:
    """Return the calls of some days that somebody may see and that have an answer of the machine's, by identifier.

    Raises:
        CannotDraw: There are none, or too many.
        MongoUnavailable: The store did not answer.
    """
    days = CallsQuestion.model_validate({"from": first_day, "to": last_day, "state": ["done"]})
    query = days.resolved(datetime.now(UTC), zone).query(who)
    found: dict[str, Listed] = {}
    async for page in CallSearch(services.database).pages(query, _A_PAGE, _WANTED):
        found |= {one.candidate.call_id: one for document in page if (one := _call(document, zone)) is not None}
        if len(found) > _MOST_CALLS:
            raise CannotDraw("too_many")
    if not found:
        raise CannotDraw("no_calls")
    return found


def _call(document: Document, zone: ZoneInfo) -> Listed | None:
    """Return a call with what the machine says of it, whoever has decided since; None: the machine says nothing."""
    answer: Any = document.get("outcome") or {}
    if part(document, "outcome.source") == "human":
        answer = part(document, "outcome.machine") or {}
        category, sub, sure = (answer.get(name) for name in ("category", "sub_category", "confidence"))
    else:
        category, sub, sure = (part(document, f"outcome.{name}") for name in ("category", "sub_category", "confidence"))
    if category is None:
        return None
    ended_at = _MOMENT.validate_python(part(document, "outcome.ended_at")).astimezone(zone)
    year, week, _ = ended_at.isocalendar()
    confidence = 1.0 if sure is None else float(sure)
    return Listed(Candidate(str(document["_id"]), str(sub or category), confidence), f"{year}-W{week:02}")


def _drawn(frame: Frame, candidates: Sequence[Candidate], form: DrawForm, seed: str) -> Draw:
    n, second = min(form.size, len(candidates)), form.second / 100
    if form.by == "random":
        return draw_random(frame, candidates, n, seed, second)
    strata = stratified(candidates)
    floor = max(1, min(5, n // (2 * len(strata))))
    try:
        return draw_stratified(frame, strata, neyman(strata, n, floor), seed, second)
    except ValueError:
        raise CannotDraw("too_small") from None


def item_of(sample_id: str, place: int, taken: Taken, listed: Listed, turn: float | None = None) -> Item:
    """Return a call that was drawn as its sample keeps it."""
    return Item(
        sample_id=sample_id,
        place=place,
        call_id=taken.call_id,
        period=listed.period,
        p=taken.drawn.p or 1.0,
        stratum=taken.drawn.stratum,
        is_second=taken.drawn.second,
        machine=listed.candidate.category,
        turn=turn,
    )


def _items(sample: Sample, draw: Draw, listed: dict[str, Listed]) -> list[Item]:
    return [item_of(sample.sample_id, place, one, listed[one.call_id]) for place, one in enumerate(draw.taken, 1)]


def yesterday_and_a_week_before(now: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """Return the seven days before today: what a sample is about unless somebody says otherwise."""
    today = now.astimezone(zone).date()
    return today - timedelta(days=7), today - timedelta(days=1)
