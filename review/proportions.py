"""Shares with their intervals: one implementation for reviews and for evaluations."""

import math
from statistics import NormalDist

Interval = tuple[float, float]
"""Lower and upper bound that hold the true share in 95 of 100 samples."""
Z = NormalDist().inv_cdf(0.975)
"""Standard errors on either side of a 95 % interval."""
ENOUGH = 30
"""Fewer calls than this make no picture: a page says so in its place."""


def wilson(right: float, n: float) -> Interval:
    """Return the 95 % Wilson interval of a share.

    Args:
        right: How many of ``n`` have it, 0 to ``n``. Neither need be whole: weighted labels have an effective number.
        n: Above 0; infinite where every call was labelled, which leaves no uncertainty. ``right`` is the share then.

    Raises:
        ValueError: There is nothing to make a share of, or more than all of it.
    """
    if math.isinf(n):
        return right, right
    if n <= 0 or not 0 <= right <= n:
        raise ValueError(f"expected 0 <= right <= n and n > 0, found {right} of {n}")
    share, z2 = right / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - reach) if right else 0.0, min(1.0, middle + reach) if right < n else 1.0


def clipped(middle: float, reach: float, low: float = 0.0, high: float = 1.0) -> Interval:
    """Return ``middle`` ± ``reach``, both ends held between ``low`` and ``high``."""
    return min(high, max(low, middle - reach)), max(low, min(high, middle + reach))
