"""Counts and figures of calls by period, hour, queue, agent, category and version.

Computed here, page by page over fields of the documents, in memory that grows with the groups alone: nx-27017 groups
by more than one field wrongly, no two servers cut time alike, and most have no median.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schemas import LARGEST_FACT, Speaker
from store.database import Document, part
from store.search import CallQuery, CallSearch
from store.spread import Spread

Dimension = Literal[
    "day",
    "week",
    "month",
    "hour",
    "queue",
    "agent",
    "category",
    "sub_category",
    "state",
    "disposition",
    "taxonomy",
    "prompt",
    "model",
]
PERIODS = {"day", "week", "month"}
_PLACES = {
    "queue": "outcome.queue",
    "agent": "outcome.agent_id",
    "category": "category",
    "sub_category": "sub_category",
    "state": "state",
    "disposition": "outcome.disposition",
    "taxonomy": "outcome.versions.taxonomy",
    "prompt": "outcome.versions.prompt",
    "model": "outcome.versions.model",
}
_DURATION = "outcome.recording_facts.duration_s"
_PARTS = ("outcome.usage", "outcome.figures", "outcome.facts", _DURATION)
_FURTHER = ("search", "outcome.ended_at", "outcome.provisional", *_PARTS)
WANTED = dict.fromkeys((*_PLACES.values(), *_FURTHER), 1)
"""What statistics are made of: the fields of a document."""
A_PAGE = 1000
"""Calls that are read at once."""
_MILLION = 1_000_000
_MOST_GROUPS = 10_000

Key = tuple[str | None, ...]
"""Where a call belongs, dimension by dimension; a period is the first day of it, as ISO 8601 writes it, an hour of the
day two digits."""


class TooManyGroups(Exception):
    """The calls fall into more groups than an answer may hold."""

    def __init__(self) -> None:
        """Name the limit."""
        super().__init__(f"The calls fall into more than {_MOST_GROUPS} groups")


class Figures:
    """What is known of a group of calls."""

    def __init__(self) -> None:
        """Begin without a call."""
        self.calls = 0
        self.failed = 0
        self.unrecorded = 0
        self.provisional = 0
        self.duration_s = Spread(0.1)
        self.silence_share = Spread(0.001)
        self.talk_shares = {speaker: Spread(0.001) for speaker in Speaker}
        self.costs: Counter[str] = Counter()
        """Millionths by currency."""
        self.booked = 0
        self.not_booked = 0
        self.values: Counter[str] = Counter()
        """Millionths by currency."""

    def add(self, document: Document) -> None:
        """Take a call."""
        self.calls += 1
        self.failed += document["state"] == "failed"
        self.unrecorded += document["state"] == "unrecorded"
        self.provisional += bool(part(document, "outcome.provisional"))
        usage = part(document, "outcome.usage") or {}
        if usage.get("cost") is not None:
            self.costs[usage.get("currency") or "XXX"] += round(usage["cost"] * _MILLION)
        self._add_facts(part(document, "outcome.facts") or {})
        duration_s = part(document, _DURATION)
        if duration_s is not None:
            self.duration_s.add(duration_s)
        if figures := part(document, "outcome.figures"):
            for speaker, own in figures["speakers"].items():
                self.talk_shares[Speaker(speaker)].add(own["talk_ratio"])
            if duration_s:
                self.silence_share.add(figures["silence_s"] / duration_s)

    def _add_facts(self, facts: Document) -> None:
        self.booked += facts.get("job_booked") is True
        self.not_booked += facts.get("job_booked") is False
        value = facts.get("value")  # other producers' may be anything
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST_FACT:
            self.values[facts.get("currency") or "XXX"] += round(value * _MILLION)


@dataclass
class Survey:
    """Calls, counted in several ways at once."""

    everything: Figures
    """Of all calls."""
    groups: dict[Key, Figures]
    """Of each group."""
    counts: list[Counter[Key]]
    """How many calls belong where, for each way that was asked for."""


async def statistics(
    search: CallSearch, query: CallQuery, by: Sequence[Dimension], zone: ZoneInfo
) -> tuple[Figures, dict[Key, Figures]]:
    """Return the figures of all calls that fit, and those of each group; raises what ``survey`` does."""
    found = await survey(search, query, by, (), zone)
    return found.everything, found.groups


async def survey(
    search: CallSearch, query: CallQuery, by: Sequence[Dimension], ways: Sequence[Sequence[Dimension]], zone: ZoneInfo
) -> Survey:
    """Return the figures of all calls that fit and of each group, and in one reading how many there are in other ways.

    Raises:
        TooManyGroups: There are more groups than an answer may hold.
        SearchTooSlow: A page of the calls took longer than the store's time-out.
        MongoUnavailable: MongoDB did not answer.
    """
    found = Survey(Figures(), defaultdict(Figures), [Counter() for _ in ways])
    async for page in search.pages(query, A_PAGE, WANTED):
        await asyncio.to_thread(counted, found, page, by, ways, zone)  # the loop is everybody's
        if max(len(found.groups), *map(len, found.counts), 0) > _MOST_GROUPS:
            raise TooManyGroups
    return found


def counted(
    found: Survey, page: list[Document], by: Sequence[Dimension], ways: Sequence[Sequence[Dimension]], zone: ZoneInfo
) -> None:
    """Count some documents in; slow enough for a thread of its own."""
    dimensions = set(by).union(*ways)
    for document in page:
        ended_at = part(document, "outcome.ended_at")  # text everywhere: nx-27017 makes text of a date that is $set
        local = None if ended_at is None else datetime.fromisoformat(ended_at).astimezone(zone)
        belongs = {dimension: _belongs(document, local, dimension) for dimension in dimensions}
        found.everything.add(document)
        if by:
            found.groups[tuple(belongs[dimension] for dimension in by)].add(document)
        for way, counts in zip(ways, found.counts, strict=True):
            counts[tuple(belongs[dimension] for dimension in way)] += 1


def _belongs(document: Document, local: datetime | None, dimension: Dimension) -> str | None:
    if dimension in _PLACES:
        found = part(document, _PLACES[dimension])
        return None if found is None else str(found)
    if local is None or dimension == "hour":
        return None if local is None else f"{local.hour:02}"
    day = local.date()
    if dimension == "week":
        day -= timedelta(days=day.weekday())
    return str(day.replace(day=1) if dimension == "month" else day)
