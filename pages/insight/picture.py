"""A picture with its table, and the marks in pictures. Pure."""

from dataclasses import dataclass
from datetime import date

from pages.insight.chart import Chart
from pages.insight.versions import Change
from review.proportions import ENOUGH

WIDE, SMALL = (760, 240), (360, 170)
"""Width and height of a picture that has a line to itself, and of one beside others."""
PERCENT = 0.01
"""The smallest step of a scale of shares."""


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    title: str
    address: str | None
    """Where its calls are."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """A picture with its table."""

    name: str
    title: str
    value: str
    """The figure of all that is in it."""
    alt: str
    """What there is to see."""
    address: str
    """Where its calls are."""
    chart: Chart | None
    """None: there are too few calls for a picture."""
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    least: int = ENOUGH
    """So many calls make a point."""
    notes: tuple[str, ...] = ()
    """What else is known of its figure."""


@dataclass(frozen=True)
class Mark:
    """A change of what decides, with its number in the pictures."""

    number: int
    day: date
    changes: tuple[Change, ...]
