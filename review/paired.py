"""Whether one of two classifiers is better, by the calls on which they differ."""

import math
from collections.abc import Sequence
from typing import Literal, TypedDict

from review.proportions import Interval, Z, clipped

_SIGNIFICANT = 0.05


class Paired(TypedDict):
    """Two classifiers on the same calls: shares of right ones, and what the difference is worth."""

    a: float
    b: float
    difference: float
    interval: Interval
    only_a_right: int
    only_b_right: int
    p_value: float
    better: Literal["A", "B"] | None


def paired(pairs: Sequence[tuple[bool, bool]]) -> Paired:
    """Compare whether A and whether B was right, call by call.

    The difference B − A has its adjusted 95 % interval (Bonett and Price 2012, for paired shares); ``better`` names one
    if McNemar's exact test has p < 0.05.

    Raises:
        ValueError: There is no call.
    """
    if not pairs:
        raise ValueError("expected at least one call, found none")
    n = len(pairs)
    only_a = sum(a and not b for a, b in pairs)
    only_b = sum(b and not a for a, b in pairs)
    p_value = mcnemar(only_a, only_b)
    better: Literal["A", "B"] = "B" if only_b > only_a else "A"
    return {
        "a": sum(a for a, _ in pairs) / n,
        "b": sum(b for _, b in pairs) / n,
        "difference": (only_b - only_a) / n,
        "interval": _interval(only_a, only_b, n),
        "only_a_right": only_a,
        "only_b_right": only_b,
        "p_value": p_value,
        "better": better if p_value < _SIGNIFICANT else None,
    }


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: differing calls are fair coins if neither is better."""
    differing, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(differing, heads) for heads in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << differing))


def _interval(only_a: int, only_b: int, n: int) -> Interval:
    lost, won = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    reach = Z * math.sqrt((won + lost - (won - lost) ** 2) / (n + 2))
    return clipped(won - lost, reach, -1.0)
