"""One labelled call beside what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from review.proportions import Interval, wilson
from schemas.taxonomy import UNCERTAIN, Leaf

FigureT = TypeVar("FigureT")


@dataclass(frozen=True)
class Judged:
    """A labelled call and what was decided about it."""

    id: str
    content: str
    """Digest of what was judged, so that two evaluations can be compared call by call."""
    expected: Leaf
    guess: Leaf | None
    """What the classifier said, however unsure; None: it failed on this call."""
    decided: Leaf
    """What the pipeline would publish: the guess, or Uncertain below the confidence floor and where it failed."""
    confidence: float
    """0 to 1."""
    by_rule: bool = False
    """Whether no classifier was asked, since the customer said nothing."""
    justification: str = ""

    @property
    def answered(self) -> bool:
        """Uncertain counts as not answering."""
        return self.decided.category != UNCERTAIN

    @property
    def answerable(self) -> bool:
        """Whether there is an answer to be given."""
        return self.expected.category != UNCERTAIN

    @property
    def right_category(self) -> bool:
        """Whether the decided top-level category is the label's."""
        return self.decided.category == self.expected.category

    @property
    def right_leaf(self) -> bool:
        """Whether the decided leaf is the label's."""
        return self.decided == self.expected


def judged(
    call_id: str,
    content: str,
    expected: Leaf,
    guess: Leaf | None,
    confidence: float,
    floor: float,
    *,
    by_rule: bool = False,
    justification: str = "",
) -> Judged:
    """Decide as the pipeline does: below the confidence ``floor`` (0 to 1) the call is Uncertain."""
    sure = guess is not None and (confidence >= floor or by_rule)
    decided = guess if guess is not None and sure else Leaf(UNCERTAIN, None)
    return Judged(call_id, content, expected, guess, decided, confidence, by_rule, justification)


def share(hits: Sequence[bool]) -> float | None:
    """Return the share of what is true; None of nothing."""
    return sum(hits) / len(hits) if hits else None


def known(figure: FigureT | None) -> FigureT:
    """Return a figure of which it is known that there were calls to make it of.

    Raises:
        ValueError: There were none.
    """
    if figure is None:
        raise ValueError("a figure of no calls")
    return figure


def interval(hits: Sequence[bool]) -> Interval | None:
    """Return the 95 % Wilson interval of the share of what is true; None of nothing."""
    return wilson(sum(hits), len(hits)) if hits else None
