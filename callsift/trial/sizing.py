"""What a volume of calls like these would take, from what the trial measured. Pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

BUSIEST_HOUR = 0.15
"""Share of a day's calls in its busiest hour; assumed, since twenty recordings do not tell."""
UTILISATION = 0.7
"""Share of a core that may be busy in that hour, so that calls do not queue for long (docs/scaling.md)."""


class Cost(NamedTuple):
    """What one call took here."""

    seconds: float
    """Length of the recording."""
    cpu_s: float
    """Seconds of one of this machine's cores, all stages."""
    stored_bytes: int
    """Prepared audio."""
    tokens: int
    """Tokens of a hosted model, sent and answered, estimated; 0: none is asked."""
    price: float
    """What they cost by the price in the settings; 0: no price is set."""


class Sizing(NamedTuple):
    """What a day of such calls takes."""

    calls_a_day: int
    cores: int
    """Cores like this machine's, in the busiest hour."""
    stored_gb: float
    """Audio store, for as long as it is kept."""
    tokens_a_day: int
    price_a_day: float


def sizing(costs: Sequence[Cost], calls_a_day: int, kept_days: float) -> Sizing:
    """Estimate what ``calls_a_day`` such calls take.

    Args:
        costs: What each recording of the trial took; at least one.
        calls_a_day: Calls of the day to size for.
        kept_days: Days that the audio store keeps prepared audio.
    """

    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values)

    busiest_s = calls_a_day * BUSIEST_HOUR * mean([cost.cpu_s for cost in costs])
    return Sizing(
        calls_a_day=calls_a_day,
        cores=max(1, math.ceil(busiest_s / 3600 / UTILISATION)),
        stored_gb=calls_a_day * kept_days * mean([cost.stored_bytes for cost in costs]) / 1e9,
        tokens_a_day=round(calls_a_day * mean([cost.tokens for cost in costs])),
        price_a_day=calls_a_day * mean([cost.price for cost in costs]),
    )
