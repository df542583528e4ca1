"""Which calls Insight is about, and the addresses that lead on from there. Pure; all of it is in the address."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from api.calls.filters import CallFilters, Text
from api.problems import PlaceOfError, Problem
from pages.calls import question as calls
from pages.routes import address
from schemas import Taxonomies

PATH = "/insight"
Step = Literal["day", "week"]
STEPS: tuple[Step, ...] = ("day", "week")
When = Literal["7d", "30d", "90d"]
PERIODS: dict[When, int] = {"7d": 7, "30d": 30, "90d": 90}
"""Days of each, today among them."""
USUAL: When = "30d"
_LONGEST = 400
_BY_DAY = 45
"""A longer time is shown by week, unless days are asked for."""
_Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 1, 1))]


@dataclass(frozen=True)
class Span:
    """Days, the last among them."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days, right before."""
        return Span(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    def starts(self, step: Step) -> list[date]:
        """Return the first day of each step, as the store names it: a week begins on a Monday, even one before."""
        if step == "day":
            return [self.first + timedelta(days=number) for number in range(self.length)]
        monday = self.first - timedelta(days=self.first.weekday())
        return [monday + timedelta(days=number) for number in range(0, (self.last - monday).days + 1, 7)]

    def of(self, start: date, step: Step) -> "Span":
        """Return the days of a step that are within."""
        end = start + timedelta(days=6 if step == "week" else 0)
        return Span(max(self.first, start), min(self.last, end))


class InsightQuestion(BaseModel):
    """Parameters of Insight. Without any time it is about 30 days."""

    when: When | None = None
    """Days up to today in the page's time zone."""
    first_day: _Day | None = Field(default=None, alias="from")
    """The first day."""
    last_day: _Day | None = Field(default=None, alias="to")
    """The last day."""
    step: Step | None = None
    """What a point in a picture stands for."""
    category_given: Text | None = Field(default=None, alias="category")
    """Code of a category or sub-category."""
    queue: Text | None = None
    """Only calls of this queue."""
    agent: Text | None = None
    """Only calls of this agent."""

    @property
    def category(self) -> str:
        """Code of the category or sub-category whose share is looked at; unless given, why nothing came of calls."""
        taxonomy = Taxonomies.load().default
        return self.category_given or taxonomy.code_of("lost") or taxonomy.categories[0].code

    @property
    def period(self) -> When | None:
        """The period that is shown; None: other days."""
        return None if self.first_day or self.last_day else self.when or USUAL

    def span(self, now: datetime, zone: ZoneInfo) -> Span:
        """Return the days that are meant.

        Raises:
            Problem: invalid-request: they are in no order, or too many for one page.
        """
        back = PERIODS[self.period or USUAL] - 1
        last = self.last_day or max(now.astimezone(zone).date(), self.first_day or date.min)
        span = Span(self.first_day or last - timedelta(days=back), last)
        if not 0 < span.length <= _LONGEST:
            place = PlaceOfError(parameter="from", detail=f"1 to {_LONGEST} days, up to the day in “to”")
            raise Problem("invalid-request", "The request breaks a rule", errors=[place])
        return span

    def step_of(self, span: Span) -> Step:
        """Return what a point stands for."""
        return self.step or ("day" if span.length <= _BY_DAY else "week")

    def filters(self, span: Span, zone: ZoneInfo) -> CallFilters:
        """Return which calls of some days are meant: days begin and end as clocks in the zone show it."""
        given = {
            "ended_at.gte": datetime.combine(span.first, time(), zone),
            "ended_at.lt": datetime.combine(span.last + timedelta(days=1), time(), zone),
            "queue": (self.queue,) if self.queue else (),
            "agent": (self.agent,) if self.agent else (),
        }
        return CallFilters.model_validate(given)

    def calls(self, span: Span, *more: tuple[str, str]) -> str:
        """Return the address of the list of the same calls, those of some days and with further filters."""
        own = {"queue": self.queue, "agent": self.agent} | dict(more)
        days = [("from", span.first.isoformat()), ("to", span.last.isoformat())]
        return address(calls.PATH, days + [(name, value) for name, value in own.items() if value])

    def during(self, period: When) -> str:
        """Return the address of the same page about another period."""
        return self._with({"when": period, "from": None, "to": None})

    def by(self, step: Step) -> str:
        """Return the address of the same page with other steps."""
        return self._with({"step": step})

    def _with(self, changed: dict[str, str | None]) -> str:
        names = ("when", "from", "to", "step", "category", "queue", "agent")
        given = self.model_dump(mode="json", by_alias=True, exclude_defaults=True) | changed
        return address(PATH, [(name, given[name]) for name in names if given.get(name)])
