"""A mean over all calls, and a share with its interval."""

import math
from dataclasses import dataclass

from review.proportions import Interval, wilson


@dataclass(frozen=True)
class Mean:
    """A weighted mean with its variance."""

    value: float
    variance: float
    n: int
    """Labels in the domain."""
    effective_n: float
    """Labels of a simple random sample that weigh as much, by the weights alone (Kish); infinite if all were read."""


@dataclass(frozen=True)
class Estimate:
    """A share with its 95 % interval."""

    share: float
    interval: Interval
    n: int
    """Labels it rests on."""
    effective_n: float
    """Labels of a simple random sample that would give the same width."""


def estimate(mean: Mean | None, plus: float = 0.0) -> Estimate | None:
    """Return a mean (``plus`` what is known without error) as a share, clipped to 0 to 1; None of None.

    The interval is Wilson's on the effective sample size, the n of a simple random sample with this variance (Korn and
    Graubard 1998 with Wilson's interval, as Franco et al. 2019 compare them).
    """
    if mean is None:
        return None
    share = min(1.0, max(0.0, mean.value + plus))
    spread = share * (1 - share)
    effective = spread / mean.variance if mean.variance and spread else mean.effective_n
    right = share if math.isinf(effective) else share * effective
    return Estimate(share, wilson(right, effective), mean.n, effective)
