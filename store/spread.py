"""Mean and median of very many numbers in bounded memory. Pure."""

from collections import Counter


class Spread:
    """Numbers of which only how often each came is kept, rounded to a step."""

    def __init__(self, step: float) -> None:
        """Begin without any; the median is right to half a step, the mean but for rounding of floats."""
        self._step = step
        self._counts: Counter[int] = Counter()
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Take a number."""
        self._counts[round(value / self._step)] += 1
        self._sum += value

    @property
    def mean(self) -> float | None:
        """The mean; None where there is no number."""
        total = self._counts.total()
        return self._sum / total if total else None

    @property
    def median(self) -> float | None:
        """The median, of an even number the mean of the middle two; None where there is no number."""
        total, seen, middle = self._counts.total(), 0, list[int]()
        for value in sorted(self._counts):
            seen += self._counts[value]
            if not middle and seen > (total - 1) // 2:
                middle.append(value)
            if seen > total // 2:
                return (middle[0] + value) / 2 * self._step
        return None
