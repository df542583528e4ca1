"""How sure something is, as a mark that is not told by colour alone. Pure."""

from dataclasses import dataclass
from typing import Literal

LOW, HIGH = 0.6, 0.8
UNSURE_WORD = 0.6
"""A word that was heard with less is marked."""


@dataclass(frozen=True)
class Confidence:
    """How sure a classifier is."""

    share: float
    level: Literal["low", "middle", "high"]

    @property
    def bars(self) -> int:
        """How many of three bars are full."""
        return ("low", "middle", "high").index(self.level) + 1


def confidence_of(share: float | None) -> Confidence | None:
    """Return the mark; None: nobody said."""
    if share is None:
        return None
    return Confidence(share, "low" if share < LOW else "middle" if share < HIGH else "high")
