"""When a delivery is tried again, and when an endpoint is left alone. Pure.

The delays are those that Standard Webhooks 1.0.0 recommends.
"""

from datetime import datetime, timedelta

from callsift.webhooks.sender import Answer

_MINUTE_S, _HOUR_S = 60, 3600
DELAYS_S = (
    *(0, 5, 5 * _MINUTE_S, 30 * _MINUTE_S),
    *(2 * _HOUR_S, 5 * _HOUR_S, 10 * _HOUR_S, 14 * _HOUR_S, 20 * _HOUR_S, 24 * _HOUR_S),
)
"""Seconds before each try, from the one before."""
LASTS = timedelta(seconds=sum(DELAYS_S))
"""How long a delivery is tried: 75 hours and a half."""
JITTER = 0.1
"""By how much a delay is longer or shorter at the most, so that what failed together does not come back together."""
_SLOW_DOWN = {429, 502, 504}
_LONGEST_WAIT_S = 24 * _HOUR_S
_LONGEST_PAUSE_S = 300.0
_FAILURES_BEFORE_A_PAUSE = 3


def next_delay_s(tries: int, answer: Answer, jitter: float) -> float | None:
    """Return the seconds until a delivery is tried again after so many tries; None: it is given up.

    Args:
        tries: Those that were made, this one included.
        answer: What came of it; ``Retry-After`` is waited for, a day at the most.
        jitter: From -1 to 1, at random.
    """
    if tries >= len(DELAYS_S):
        return None
    delay_s = DELAYS_S[tries] * (1 + JITTER * jitter)
    return max(delay_s, min(answer.retry_after_s or 0.0, _LONGEST_WAIT_S))


def pause_s(failures: int, answer: Answer) -> float:
    """Return the seconds in which nothing at all is posted to an endpoint after so many failures in a row.

    One that is away is looked at every five minutes at the most: a backlog does not fall upon it.
    """
    if answer.retry_after_s is not None:
        return min(answer.retry_after_s, _LONGEST_WAIT_S)
    if answer.status in _SLOW_DOWN or failures >= _FAILURES_BEFORE_A_PAUSE:
        return min(2.0 ** min(failures, 16), _LONGEST_PAUSE_S)
    return 0.0


def is_lost(failing_since: datetime, begun_at: datetime, now: datetime, *, given_up: bool) -> bool:
    """Tell whether an endpoint is switched off: it has taken nothing for as long as a delivery is tried.

    One delivery that an endpoint refuses to the end switches off none that takes others.

    Args:
        failing_since: Since when it has taken nothing.
        begun_at: When the delivery was tried first.
        now: The time.
        given_up: Whether the delivery is tried no more.
    """
    return now - failing_since >= LASTS or (given_up and failing_since <= begun_at)
