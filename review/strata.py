"""Strata, and how many calls to draw from each."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from review.drawing import Candidate

BANDS = (0.6, 0.85)
"""Where low confidence ends, and where high confidence begins."""


def stratum_of(candidate: Candidate, bands: Sequence[float] = BANDS) -> str:
    """Return the stratum of a call: its category, and between which of ``bands`` (ascending) its confidence lies."""
    return f"{candidate.category}/{sum(candidate.confidence >= band for band in bands)}"


def stratified(candidates: Iterable[Candidate], bands: Sequence[float] = BANDS) -> dict[str, list[Candidate]]:
    """Return the candidates by stratum, in the order of the strata's names."""
    found: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        found[stratum_of(candidate, bands)].append(candidate)
    return dict(sorted(found.items()))


def proportional(strata: Mapping[str, Sequence[Candidate]], n: int, floor: int = 5) -> dict[str, int]:
    """Return how many of ``n`` calls to draw from each stratum: as it has calls, but ``floor`` at least.

    A stratum with fewer calls than its number is read whole.

    Raises:
        ValueError: The floors alone need more than ``n``.
    """
    return _allocated(strata, {name: float(len(calls)) for name, calls in strata.items()}, n, floor)


def neyman(strata: Mapping[str, Sequence[Candidate]], n: int, floor: int = 5) -> dict[str, int]:
    """Return how many of ``n`` calls to draw from each stratum for the narrowest interval (Neyman 1934).

    More where there are more calls, and more where answers are less sure: a stratum's share of right answers is guessed
    by its mean confidence, which may be wrong without harm but to the width. Never fewer than ``floor``.

    Raises:
        ValueError: The floors alone need more than ``n``.
    """
    wanted = {}
    for name, calls in strata.items():
        guess = min(0.95, max(0.5, sum(call.confidence for call in calls) / max(1, len(calls))))
        wanted[name] = len(calls) * math.sqrt(guess * (1 - guess))
    return _allocated(strata, wanted, n, floor)


def _allocated(
    strata: Mapping[str, Sequence[Candidate]], wanted: Mapping[str, float], n: int, floor: int
) -> dict[str, int]:
    sizes = {name: len(calls) for name, calls in strata.items()}
    least = {name: min(floor, size) for name, size in sizes.items()}
    if sum(least.values()) > n:
        raise ValueError(
            f"{len(sizes)} strata with {floor} calls each need {sum(least.values())} calls, and {n} are to be drawn. "
            "Draw more, or make fewer strata"
        )
    n = min(n, sum(sizes.values()))
    scale = _scale(wanted, least, sizes, n)
    exact = {name: _bounded(scale * wanted[name], least[name], sizes[name]) for name in sizes}
    counts = {name: int(value) for name, value in exact.items()}
    rest = n - sum(counts.values())
    for name in sorted(sizes, key=lambda name: (counts[name] - exact[name], name)):
        if rest and counts[name] < sizes[name]:
            counts[name], rest = counts[name] + 1, rest - 1
    return counts


def _bounded(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _scale(wanted: Mapping[str, float], least: Mapping[str, int], sizes: Mapping[str, int], n: int) -> float:
    """Return by what to multiply what is wanted, so that with floors and sizes held the sum is ``n``."""
    low, high = 0.0, max((size / wanted[name] for name, size in sizes.items() if wanted[name]), default=1.0)
    for _ in range(60):
        middle = (low + high) / 2
        total = sum(_bounded(middle * wanted[name], least[name], sizes[name]) for name in sizes)
        low, high = (middle, high) if total < n else (low, middle)
    return high
