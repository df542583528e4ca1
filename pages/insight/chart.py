"""Pictures as numbers: where lines, bands, bars and labels of a chart are drawn, in units of its own view box. Pure."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
MOST_STEPS = 5
"""Lines of a scale above zero."""
_AXIS, _HEAD, _FOOT, _END = 44, 18, 22, 10
"""Room on the left, above, below and on the right, for labels."""


@dataclass(frozen=True)
class Label:
    """A text on an axis, and where."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """A value."""

    x: float
    y: float
    title: str
    kind: str = "usual"
    """A class of page.css, which has a shape of its own in the template."""


@dataclass(frozen=True)
class Bar:
    """A value from zero up."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Line:
    """A line, or the border of a band."""

    kind: str
    """A class of page.css."""
    path: str


@dataclass
class Chart:
    """What is drawn."""

    width: int
    height: int
    top: float
    """The value at the upper end of the scale; zero is at the lower."""
    slots: int
    """How many values lie side by side."""
    y_labels: list[Label] = field(default_factory=list)
    x_labels: list[Label] = field(default_factory=list)
    bands: list[Line] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    marks: list[Label] = field(default_factory=list)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower end of where values are drawn."""
        return _AXIS, _HEAD, self.width - _END, self.height - _FOOT

    def x(self, slot: float) -> float:
        """Return where a slot begins; half a slot further is its middle."""
        left, _, right, _ = self.box
        return round(left + slot * (right - left) / self.slots, 1)

    def y(self, value: float) -> float:
        """Return how high a value is."""
        _, upper, _, lower = self.box
        return round(lower - min(value, self.top) / self.top * (lower - upper), 1)

    def add_line(self, kind: str, values: Sequence[float | None], breaks: Collection[int] = ()) -> None:
        """Draw a line through the middles of the slots, broken where there is no value, and before some slots."""
        for run in _runs(values, breaks):
            points = " ".join(f"{self.x(slot + 0.5)},{self.y(value)}" for slot, value in run)
            self.lines.append(Line(kind, f"M{points}"))

    def add_band(self, kind: str, limits: Sequence[tuple[float, float] | None]) -> None:
        """Draw what lies between two values; it is as wide as its slot where it stands alone."""
        for run in _runs(limits):
            low = [(self.x(slot + side), self.y(limit[0])) for slot, limit in run for side in (0, 1)]
            high = [(self.x(slot + side), self.y(limit[1])) for slot, limit in run for side in (0, 1)]
            border = " ".join(f"{x},{y}" for x, y in [*high, *reversed(low)])
            self.bands.append(Line(kind, f"M{border}Z"))

    def add_level(self, kind: str, first: float, end: float, value: float, limits: tuple[float, float]) -> None:
        """Draw one value for all from a slot to where another begins, with what it lies between."""
        left, right = (self.x(min(max(slot, 0.0), self.slots)) for slot in (first, end))
        low, high = map(self.y, limits)
        self.bands.append(Line(kind, f"M{left},{high}H{right}V{low}H{left}Z"))
        self.lines.append(Line(kind, f"M{left},{self.y(value)}H{right}"))

    def add_bars(self, values: Sequence[float], titles: Sequence[str]) -> None:
        """Draw a bar in each slot, with a gap to the next."""
        wide = (self.x(1) - self.x(0)) * 0.72
        for slot, (value, title) in enumerate(zip(values, titles, strict=True)):
            y = self.y(value)
            x = round(self.x(slot + 0.5) - wide / 2, 1)
            self.bars.append(Bar(x, y, round(wide, 1), round(self.box[3] - y, 1), title))


def made(
    size: tuple[int, int], values: Sequence[float], smallest: float, slots: Sequence[str], write: Callable[[float], str]
) -> Chart:
    """Return a chart with its axes.

    Args:
        size: Width and height.
        values: What has to have room.
        smallest: The smallest step that the scale may have.
        slots: A text for each of the slots; as many are shown as there is room for.
        write: How a value is written.
    """
    step, top = scale(max(values, default=0.0), smallest)
    chart = Chart(*size, top, len(slots))
    chart.y_labels = [Label(chart.y(step * n), write(step * n)) for n in range(round(top / step) + 1)]
    every = math.ceil(len(slots) / max(2, size[0] // 90))
    chart.x_labels = [Label(chart.x(n + 0.5), text) for n, text in enumerate(slots) if n % every == 0]
    return chart


def scale(largest: float, smallest: float) -> tuple[float, float]:
    """Return step and upper end of a scale from zero that holds a value: steps of 1, 2 or 5 and their tenfolds."""
    power = math.floor(math.log10(max(largest, smallest)))
    for exponent in (power - 1, power, power + 1):
        for digit in (1, 2, 5):
            step = float(f"{digit}e{exponent}")
            steps = max(1, math.ceil(largest / step - 1e-9))
            if step >= smallest and steps <= MOST_STEPS:
                return step, float(f"{steps * digit}e{exponent}")
    raise AssertionError("a step of ten times the value's power of ten holds it")


def _runs(values: Sequence[T | None], breaks: Collection[int] = ()) -> list[list[tuple[int, T]]]:
    found: list[list[tuple[int, T]]] = []
    for slot, value in enumerate(values):
        if value is None:
            continue
        if not found or found[-1][-1][0] != slot - 1 or slot in breaks:
            found.append([])
        found[-1].append((slot, value))
    return found
