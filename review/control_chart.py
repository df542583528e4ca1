"""Control charts of a share by day: whether today is unusual, or only as uneven as days are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from review.proportions import ENOUGH, Interval, clipped

_SIGMAS = 3
_WEIGHT = 0.2
"""Of today in the moving average: what Montgomery recommends to see small shifts."""
_BASELINE_DAYS = 20
_D2 = 1.128
"""Mean distance of two draws from a normal distribution, in standard deviations."""

Verdict = Literal["too few calls", "usual", "high", "low"]


@dataclass(frozen=True)
class Day:
    """Calls of a day, and how many of them have what is charted."""

    day: date
    n: int
    count: int


@dataclass(frozen=True)
class Point:
    """A day on the chart."""

    day: date
    n: int
    share: float | None
    """None of a day without calls."""
    centre: float | None
    """The share of the baseline; None where no day has enough calls."""
    limits: Interval | None
    """Three standard deviations about the centre, by this day's n."""
    average: float | None
    """Exponentially weighted, over the days with enough calls."""
    average_limits: Interval | None
    verdict: Verdict
    """Whether the share, or else the average, is outside its limits."""
    mark: str | None
    """What changed on this day, e.g. a version. The baseline begins again here."""


def control_chart(days: Sequence[Day], marks: Mapping[date, str] | None = None) -> list[Point]:
    """Return a p-chart with its moving average (EWMA), a point for each day, in their order.

    Days of fewer than 30 calls are shown, but neither judged nor used. The first 20 other days after each mark are the
    baseline. Limits are as wide as days are uneven: where these differ by more than chance makes them (a Monday is no
    Sunday), by Laney's factor (2002), which is never below 1 here.

    Raises:
        ValueError: The days are not in order, or a count is larger than its n.
    """
    if any(later.day <= day.day for day, later in pairwise(days)):
        raise ValueError("expected days in order, each once")
    for day in days:
        if not 0 <= day.count <= day.n:
            raise ValueError(f"expected 0 <= count <= n on {day.day}, found {day.count} of {day.n}")
    marked = marks or {}
    phases: list[list[Day]] = [[]]
    for day in days:
        if day.day in marked and phases[-1]:
            phases.append([])
        phases[-1].append(day)
    return [point for phase in phases for point in _phase(phase, marked)]


def _phase(days: Sequence[Day], marks: Mapping[date, str]) -> list[Point]:
    baseline = [day for day in days if day.n >= ENOUGH][:_BASELINE_DAYS]
    if not baseline:
        return [Point(d.day, d.n, _share(d), None, None, None, None, "too few calls", marks.get(d.day)) for d in days]
    centre = sum(day.count for day in baseline) / sum(day.n for day in baseline)
    wider = _laney(baseline, centre)
    average, variance, points = centre, 0.0, []
    for day in days:
        if day.n < ENOUGH:
            points.append(
                Point(day.day, day.n, _share(day), centre, None, None, None, "too few calls", marks.get(day.day))
            )
            continue
        share, spread = day.count / day.n, wider**2 * centre * (1 - centre) / day.n
        average = _WEIGHT * share + (1 - _WEIGHT) * average
        variance = _WEIGHT**2 * spread + (1 - _WEIGHT) ** 2 * variance
        limits = clipped(centre, _SIGMAS * math.sqrt(spread))
        average_limits = clipped(centre, _SIGMAS * math.sqrt(variance))
        verdict = _outside(share, limits) or _outside(average, average_limits) or "usual"
        points.append(
            Point(day.day, day.n, share, centre, limits, average, average_limits, verdict, marks.get(day.day))
        )
    return points


def _share(day: Day) -> float | None:
    return day.count / day.n if day.n else None


def _outside(value: float, limits: Interval) -> Literal["high", "low"] | None:
    return "low" if value < limits[0] else "high" if value > limits[1] else None


def _laney(days: Sequence[Day], centre: float) -> float:
    """Return by how much more than chance neighbouring days differ, at least 1."""
    spread = centre * (1 - centre)
    if not spread or len(days) < 2:
        return 1.0
    scores = [(day.count / day.n - centre) / math.sqrt(spread / day.n) for day in days]
    moved = sum(abs(later - score) for score, later in pairwise(scores)) / (len(scores) - 1)
    return max(1.0, moved / _D2)
