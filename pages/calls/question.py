"""Which calls the list shows: the API's filters, and days as people name them. Pure; all of it is in the address."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from api.calls.filters import CallFilters
from pages.routes import address

PATH = "/calls"
Period = Literal["today", "yesterday", "7d", "30d", "all"]
PERIODS: tuple[Period, ...] = ("today", "yesterday", "7d", "30d", "all")
_DAYS_BACK: dict[str, tuple[int, int]] = {"today": (0, 0), "yesterday": (1, 1), "7d": (6, 0), "30d": (29, 0)}
"""First and last day of a period, in days before today."""
_ORDER = "order"
_TIMES = {"when", "from", "to", "ended_at.gte", "ended_at.lt"}
_OF_THE_PAGE = {"page_token"}
_SELDOM = {"queue", "agent", "from", "to"}
_IN_THE_FORM = _SELDOM | {
    "category",
    "sub_category",
    "agent",
    "queue",
    "state",
    "confidence.lt",
    "words",
    "speaker",
    "from",
    "to",
}
Parameters = list[tuple[str, str]]


class CallsQuestion(CallFilters):
    """Parameters of the list. Without any time it is about today."""

    when: Period | None = None
    """Days, counted from today in the page's time zone."""
    first_day: date | None = Field(default=None, alias="from")
    """The first day."""
    last_day: date | None = Field(default=None, alias="to")
    """The last day."""
    order: Literal["oldest"] | None = None
    """Which calls come first; None: those that ended last."""
    page_token: str | None = Field(default=None, max_length=2000)
    """Where to go on."""

    @property
    def period(self) -> Period | None:
        """The period that is shown; None: other times."""
        if self.first_day or self.last_day:
            return None
        has_times = self.ended_since or self.ended_before
        return self.when or (None if has_times else "today")

    def resolved(self, now: datetime, zone: ZoneInfo) -> Self:
        """Return the same question with its days as moments."""
        first, last, period = self.first_day, self.last_day, self.period
        if period in _DAYS_BACK:
            today = now.astimezone(zone).date()
            first, last = (today - timedelta(days=days) for days in _DAYS_BACK[period])
        since = datetime.combine(first, time(), zone) if first else self.ended_since
        before = datetime.combine(last + timedelta(days=1), time(), zone) if last else self.ended_before
        return self.model_copy(update={"when": period, "ended_since": since, "ended_before": before})


@dataclass(frozen=True)
class Asked:
    """The parameters of an address, as they stand there."""

    parameters: Parameters

    @property
    def question(self) -> Parameters:
        """All but which page it is."""
        return [(name, value) for name, value in self.parameters if name not in _OF_THE_PAGE]

    def during(self, period: Period) -> str:
        """Return the address of the same question about another period."""
        others = [(name, value) for name, value in self.question if name not in _TIMES]
        return address(PATH, others + ([] if period == "today" else [("when", period)]))

    def without(self, name: str, value: str) -> str:
        """Return the address of the same question without one of its filters."""
        return address(PATH, [one for one in self.question if one != (name, value)])

    @property
    def first_page(self) -> str:
        """The address of the first page."""
        return address(PATH, self.question)

    def page(self, token: str) -> str:
        """Return the address of a further page."""
        return address(PATH, [*self.question, ("page_token", token)])

    @property
    def filters(self) -> Parameters:
        """What is filtered besides the time."""
        return [(name, value) for name, value in self.question if name not in _TIMES and name != _ORDER]

    @property
    def turned_round(self) -> str:
        """The address of the same question with its calls in the other order."""
        others = [(name, value) for name, value in self.question if name != _ORDER]
        return address(PATH, others if self.value(_ORDER) else [*others, (_ORDER, "oldest")])

    @property
    def carried(self) -> Parameters:
        """What the form has no field for, and keeps: a period only until days are chosen."""
        return [(name, value) for name, value in self.question if name not in _IN_THE_FORM]

    @property
    def has_more(self) -> bool:
        """Whether a field is used that is seldom wanted, and not always seen."""
        return any(name in _SELDOM for name, _ in self.parameters)

    def value(self, name: str) -> str:
        """Return what a field of the form shows."""
        return next((value for given, value in self.parameters if given == name), "")


def export(question: CallsQuestion, asked: Asked, form: Literal["csv", "jsonl"]) -> str:
    """Return the API's address that exports all that a resolved question means."""
    moments = {"ended_at.gte": question.ended_since, "ended_at.lt": question.ended_before}
    times = [(name, moment.isoformat()) for name, moment in moments.items() if moment is not None]
    return address("/v1/calls:export", [("format", form), *times, *asked.filters])
