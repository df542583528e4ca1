"""How far people agree with each other: the ceiling of what can be asked of the machine."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from review.estimates import Estimate, estimate
from review.proportions import Interval, Z, clipped
from review.reviewed import ReviewedCall
from review.sample import Sample

Unit = tuple[tuple[str, ...], float]
"""What the readers of one call said, and how many calls it stands for."""


@dataclass(frozen=True)
class Coefficient:
    """Agreement beyond chance: 1 is perfect, 0 is chance. None: everyone used one label only, which tells nothing."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Agreement:
    """How far two people agree, over the calls of the frames."""

    raw: Estimate
    """The share of calls with one label by both. Kappa falls where categories are rare: look at both."""
    kappa: Coefficient
    alpha: Coefficient


def agreement(sample: Sample, category: str | None = None) -> Agreement | None:
    """Return how far first and second readers agree, on all labels or on whether a call is ``category``.

    None where no call has two readers. The third reader, who saw both answers, does not count.
    """

    def said(call: ReviewedCall) -> tuple[str, str]:
        first, second = (reading.first for reading in call.readings[:2])
        return (first, second) if category is None else (str(first == category), str(second == category))

    units = [(said(call), weight) for call, weight in zip(sample.calls, sample.weights, strict=True) if call.doubled]
    raw = estimate(sample.between_people(lambda call, _label: float(len(set(said(call))) == 1)))
    return None if raw is None else Agreement(raw, _coefficient(units, kappa), _coefficient(units, alpha))


def kappa(units: Sequence[Unit]) -> float | None:
    """Return Cohen's kappa (1960) of two readers; None where chance alone makes them agree always."""
    first: dict[str, float] = defaultdict(float)
    second: dict[str, float] = defaultdict(float)
    agreed = total = 0.0
    for (one, other), weight in units:
        first[one] += weight
        second[other] += weight
        agreed += weight * (one == other)
        total += weight
    chance = sum(weight * second[label] for label, weight in first.items()) / total
    return None if total - chance <= 1e-12 * total else (agreed - chance) / (total - chance)


def alpha(units: Sequence[Unit]) -> float | None:
    """Return Krippendorff's alpha (2011, nominal) of any number of readers, gaps allowed; None where none can be made.

    Calls that fewer than two people read do not count.
    """
    kept = [(said, weight) for said, weight in units if len(said) > 1]
    mean_weight = sum(weight for _, weight in kept) / len(kept) if kept else 1.0
    values: dict[str, float] = defaultdict(float)
    differing = total = 0.0
    for said, weight in kept:
        share, own = weight / mean_weight, Counter(said)
        total += share * len(said)
        differing += share * sum(count * (len(said) - count) for count in own.values()) / (len(said) - 1)
        for label, count in own.items():
            values[label] += share * count
    by_chance = sum(count * (total - count) for count in values.values())
    return None if by_chance <= 0 else 1 - (total - 1) * differing / by_chance


def _coefficient(units: Sequence[Unit], measure: Callable[[Sequence[Unit]], float | None]) -> Coefficient:
    """Measure, with the jackknife's interval over calls: it needs no random numbers, so that everyone gets the same."""
    value = measure(units)
    if value is None or len(units) < 2:
        return Coefficient(value, None)
    without: dict[Unit, float | None] = {}
    for index, unit in enumerate(units):
        if unit not in without:
            without[unit] = measure([*units[:index], *units[index + 1 :]])
    left = [without[unit] for unit in units]
    known = [figure for figure in left if figure is not None]
    if len(known) < len(left):
        return Coefficient(value, None)
    middle, n = math.fsum(known) / len(known), len(known)
    variance = (n - 1) / n * math.fsum((figure - middle) ** 2 for figure in known)
    return Coefficient(value, clipped(value, Z * math.sqrt(variance), -1.0))
