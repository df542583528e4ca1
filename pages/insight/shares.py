"""Shares side by side, each with what chance makes of it, and whether it has changed. Pure."""

import math
from dataclasses import dataclass

from pages.words import Language
from review.proportions import ENOUGH, Interval, Z, wilson

WIDTH = 200
"""Units of a bar that stands for all."""


@dataclass(frozen=True)
class Counted:
    """How many of how many calls."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """Their share; None where there are no calls."""
        return self.count / self.of if self.of else None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough calls for a share to say something."""
        return self.of >= ENOUGH

    @property
    def interval(self) -> Interval:
        """The share with what chance makes of it; 0 to 1 where there are no calls."""
        return wilson(self.count, self.of) if self.of else (0.0, 1.0)


@dataclass(frozen=True)
class Share:
    """A share with its bar."""

    title: str
    address: str | None
    """Where its calls are."""
    count: int
    of: int
    share: str | None
    """None: too few calls."""
    interval: str
    bar: float
    low: float
    high: float
    change: str | None
    """Against the days before; None: too few calls then or now."""
    is_clear: bool
    """Whether the change is larger than chance makes."""


def share_of(title: str, address: str | None, now: Counted, language: Language, before: Counted | None = None) -> Share:
    """Return a share as a row shows it."""
    share, (low, high) = now.share, now.interval
    difference = None
    if before and now.is_enough and before.is_enough and share is not None and before.share is not None:
        difference = share - before.share
    shown = share is not None and now.is_enough
    return Share(
        title=title,
        address=address,
        count=now.count,
        of=now.of,
        share=language.percent(share) if shown and share is not None else None,
        interval=" – ".join(map(language.percent, (low, high))),
        bar=round(WIDTH * (share or 0.0), 1),
        low=round(WIDTH * low, 1),
        high=round(WIDTH * high, 1),
        change=None if difference is None else language.points(difference),
        is_clear=difference is not None and before is not None and is_clear(now, before),
    )


def is_clear(now: Counted, before: Counted) -> bool:
    """Tell whether two shares differ by more than chance makes in 95 of 100 cases, as their pooled variance says."""
    pooled = (now.count + before.count) / (now.of + before.of)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / now.of + 1 / before.of))
    return abs(now.count / now.of - before.count / before.of) > Z * spread if spread else False
