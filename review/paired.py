"""Whether one of two classifiers is better, by the calls on which they differ."""

import math
from collections.abc import Callable, Sequence
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


def paired(pairs: Sequence[tuple[bool, bool]], weights: Sequence[float] | None = None) -> Paired:
    """Compare whether A and whether B was right, call by call.

    The shares and the difference B − A are over all calls that these stand for. The difference has its adjusted 95 %
    interval (Bonett and Price 2012, for paired shares) on the effective sample size, (Σw)² / Σw² (Kish), which is the
    number of calls where they weigh the same. The p-value is of McNemar's exact test on the calls themselves;
    ``better`` names one if it is below 0.05 and the difference points the same way.

    Args:
        pairs: Whether A was right and whether B was, of each call.
        weights: How many calls each stands for, in any unit; None: all for the same number.

    Raises:
        ValueError: There is no call.
    """
    if not pairs:
        raise ValueError("expected at least one call, found none")
    weights = [1.0] * len(pairs) if weights is None else weights
    whole = math.fsum(weights)
    n = whole**2 / math.fsum(weight**2 for weight in weights)

    def share(has: Callable[[bool, bool], bool]) -> float:
        return math.fsum(weight for weight, pair in zip(weights, pairs, strict=True) if has(*pair)) / whole

    only_a, only_b = (sum(pair == one for pair in pairs) for one in ((True, False), (False, True)))
    lost, won = share(lambda a, b: a and not b), share(lambda a, b: b and not a)
    p_value, more = mcnemar(only_a, only_b), only_b > only_a
    return {
        "a": share(lambda a, _: a),
        "b": share(lambda _, b: b),
        "difference": won - lost,
        "interval": _interval(lost * n, won * n, n),
        "only_a_right": only_a,
        "only_b_right": only_b,
        "p_value": p_value,
        "better": ("B" if more else "A") if p_value < _SIGNIFICANT and (won > lost) == more else None,
    }


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: differing calls are fair coins if neither is better."""
    differing, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(differing, heads) for heads in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << differing))


def _interval(only_a: float, only_b: float, n: float) -> Interval:
    lost, won = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    reach = Z * math.sqrt((won + lost - (won - lost) ** 2) / (n + 2))
    return clipped(won - lost, reach, -1.0)
