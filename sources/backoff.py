"""How long to leave a place alone that does not answer: longer each time, and never many at the same moment."""

import random

FIRST_S = 2.0
"""Seconds that the first pause is at most."""
LONGEST_S = 300.0
"""Seconds that every pause is at most, unless the place asks for more."""
LONGEST_ASKED_S = 3600.0
"""As long as a place may ask to be left alone."""


class Backoff:
    """Pauses after failures: full jitter, but never less than a second and never less than what the place asks for."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        """Nothing has failed yet; no pause is longer than ``longest_s`` seconds by itself."""
        self._longest_s, self._failures = longest_s, 0

    def failed(self, asked_s: float | None = None) -> float:
        """Count a failure, and return the seconds to wait; ``asked_s``: what Retry-After said."""
        most_s = min(self._longest_s, FIRST_S * 2 ** min(self._failures, 20))
        self._failures += 1
        chance_s = random.uniform(min(1.0, most_s / 2), most_s)  # noqa: S311 - not a secret
        return max(chance_s, min(asked_s or 0.0, LONGEST_ASKED_S))

    def another(self) -> "Backoff":
        """Return one with the same longest pause, for another place, of which nothing has failed yet."""
        return Backoff(self._longest_s)

    def succeeded(self) -> None:
        """Begin anew with the next failure."""
        self._failures = 0
