"""Deciding while labels come in: an interval that holds at every look, so that looking after each label is allowed."""

import math
from typing import Literal

from review.proportions import Interval

_LIMIT = -math.log(0.05)


def confidence_sequence(right: int, n: int) -> Interval:
    """Return the interval of a share that holds the truth at every ``n`` at once, in 95 of 100 samples.

    The beta-binomial mixture (Robbins 1970; Howard et al. 2021): the likelihood averaged over all shares, uniformly,
    against that of one share is a martingale if that is the true one, and passes 1/0.05 at any time in 5 of 100 samples
    at most (Ville 1939). It needs labels of a simple random draw, in its order. Wider than Wilson's interval, which
    holds for one look only.

    Raises:
        ValueError: More are right than there are.
    """
    if not 0 <= right <= n:
        raise ValueError(f"expected 0 <= right <= n, found {right} of {n}")
    if n == 0:
        return 0.0, 1.0
    low = 0.0 if right == 0 else _crossing(right, n, 0.0)
    high = 1.0 if right == n else _crossing(right, n, 1.0)
    return low, high


def verdict(right: int, n: int, target: float) -> Literal["reached", "missed", "open"]:
    """Return whether the labels so far decide that the share is above or below ``target`` (0 to 1).

    Whoever stops at the first verdict is wrong in 5 of 100 questions at most, however often they looked.
    """
    if _evidence(right, n, target) < _LIMIT:
        return "open"
    return "reached" if right > target * n else "missed"


def _crossing(right: int, n: int, outside: float) -> float:
    """Return the share between ``outside`` and that of the labels at which the evidence reaches its limit."""
    inside = right / n
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (outside, middle) if _evidence(right, n, middle) < _LIMIT else (middle, inside)
    return outside


def _evidence(right: int, n: int, share: float) -> float:
    """Return the logarithm of the mixture's likelihood ratio against ``share``."""
    wrong = n - right
    mixture = math.lgamma(right + 1) + math.lgamma(wrong + 1) - math.lgamma(n + 2)
    own = (right * math.log(share) if right else 0.0) + (wrong * math.log1p(-share) if wrong else 0.0)
    return mixture - own
