"""Counts, shares and figures of calls."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.access import Principal, Requires, Right
from api.calls.filters import CallFilters
from api.problems import PlaceOfError, Problem
from api.services import Used
from schemas import Speaker
from store.search import CallSearch
from store.spread import Spread
from store.stats import PERIODS, Dimension, Figures, TooManyGroups, statistics

router = APIRouter(prefix="/v1", tags=["stats"])
_MOST_DIMENSIONS = 3


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("expected the name of a time zone, such as Europe/Istanbul") from None
    except KeyError:
        raise ValueError("expected the name of a time zone, such as Europe/Istanbul") from None
    return zone


class StatsParameters(CallFilters):
    """Which calls, and how they are put together."""

    group_by: tuple[Dimension, ...] = Field(default=(), max_length=_MOST_DIMENSIONS, examples=[["day", "category"]])
    """What calls are put together by, three at the most, of day, week (from Monday) and month one."""
    time_zone: Annotated[str, AfterValidator(_known)] = Field(default="UTC", examples=["Europe/Istanbul"])
    """Time zone in which days, weeks, months and hours begin."""


class Average(BaseModel):
    """The middle of a figure, over the calls that have it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    mean: float | None
    """Mean; null where no call has the figure."""
    median: float | None
    """Median, in steps of 0.1 s for seconds and of 0.001 for shares; null where no call has the figure."""

    @classmethod
    def of(cls, spread: Spread) -> Self:
        """Show numbers."""
        return cls(mean=_rounded(spread.mean), median=_rounded(spread.median))


class Cost(BaseModel):
    """What hosted models took."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    currency: str
    """ISO 4217."""
    micros: int
    """Millionths of the currency's unit, estimated by the price table of the settings."""


class Value(BaseModel):
    """What calls were worth."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    currency: str
    """ISO 4217."""
    micros: int
    """Millionths of the currency's unit."""


class CallFigures(BaseModel):
    """What is known of a group of calls."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    group: dict[str, str | None]
    """Where the calls belong: by day, week and month the first day of it, by hour its two digits; null:
    what is asked is not known of them."""
    calls: int
    """Number of calls that have an outcome."""
    share: float | None
    """Their share of all calls that the filters name, 0 to 1; null where there are none."""
    failed: int
    """How many of them could not be processed."""
    unrecorded: int
    """How many of them have no recording, and so no category."""
    provisional: int
    """How many of them a simpler classifier decided."""
    duration_s: Average
    """Length of the recording in seconds."""
    talk_share: dict[Speaker, Average]
    """By speaker: talk time as a share of the recording's length, 0 to 1."""
    silence_share: Average
    """Silence as a share of the recording's length, 0 to 1."""
    costs: tuple[Cost, ...]
    """What was paid for them, by currency."""
    booked: int
    """How many of them a job followed, as was told afterwards."""
    booked_share: float | None
    """Their share of those of which it is known whether a job followed, 0 to 1; null where it is known of none."""
    values: tuple[Value, ...]
    """What they were worth, as was told afterwards, by currency."""

    @classmethod
    def of(cls, figures: Figures, total: int, group: dict[str, str | None]) -> Self:
        """Show figures of some of ``total`` calls."""
        known = figures.booked + figures.not_booked
        return cls(
            group=group,
            calls=figures.calls,
            share=_rounded(figures.calls / total) if total else None,
            failed=figures.failed,
            unrecorded=figures.unrecorded,
            provisional=figures.provisional,
            duration_s=Average.of(figures.duration_s),
            talk_share={who: Average.of(share) for who, share in figures.talk_shares.items()},
            silence_share=Average.of(figures.silence_share),
            costs=tuple(Cost(currency=code, micros=sum_) for code, sum_ in sorted(figures.costs.items())),
            booked=figures.booked,
            booked_share=_rounded(figures.booked / known) if known else None,
            values=tuple(Value(currency=code, micros=sum_) for code, sum_ in sorted(figures.values.items())),
        )


class Stats(BaseModel):
    """Counts, shares and figures."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    total: CallFigures
    """All calls that the filters name."""
    groups: tuple[CallFigures, ...]
    """The groups in the order of what they are put together by; those without a call are left out."""


@router.get("/stats")
async def show_stats(
    parameters: Annotated[StatsParameters, Query()],
    services: Used,
    who: Annotated[Principal, Depends(Requires(Right.VIEW))],
) -> Stats:
    """Count calls and sum their figures up, with the same filters as lists, and only over what whoever asks may see."""
    dimensions = parameters.group_by
    if len(PERIODS.intersection(dimensions)) > 1 or len(set(dimensions)) < len(dimensions):
        place = PlaceOfError(parameter="group_by", detail="One of day, week and month, and nothing twice")
        raise Problem("invalid-request", "The request breaks a rule", errors=[place])
    query, zone = parameters.query(who), ZoneInfo(parameters.time_zone)
    try:
        everything, groups = await statistics(CallSearch(services.database), query, dimensions, zone)
    except TooManyGroups as error:
        raise Problem("invalid-request", str(error), cure="Name fewer in group_by, or narrow the filters") from None
    ordered = sorted(groups.items(), key=lambda one: [(name is not None, name or "") for name in one[0]])
    return Stats(
        total=CallFigures.of(everything, everything.calls, {}),
        groups=tuple(
            CallFigures.of(figures, everything.calls, dict(zip(dimensions, key, strict=True)))
            for key, figures in ordered
        ),
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
