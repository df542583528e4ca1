"""How many more labels decide a question."""

import math
from bisect import bisect_left

from review.proportions import wilson

_MOST = 100_000
"""More labels than this are no plan."""


def chance_of_proof(target: float, true: float, more: int, right: float = 0.0, n: float = 0.0) -> float:
    """Return the chance that Wilson's lower bound reaches ``target`` after ``more`` labels of a simple random draw.

    Args:
        target: What is to be proved, above 0, below 1.
        true: The share of right answers that is assumed, 0 to 1.
        more: Labels to come.
        right: Right ones so far (effective number, for a weighted estimate).
        n: Labels so far (effective number).
    """
    allowed = _most_wrong(target, more, right, n)
    return 0.0 if allowed < 0 else _at_most(allowed, more, 1 - true)


def more_labels(target: float, true: float, chance: float = 0.8, right: float = 0.0, n: float = 0.0) -> int | None:
    """Return how many more labels give this ``chance`` to decide whether the share is above or below ``target``.

    Decided is it when Wilson's lower bound reaches ``target``, or the upper one does where ``true`` lies below.

    The chance goes up and down by a little from one label to the next, as one more wrong label is allowed or not: the
    number is the first with which it is reached. 0: it is decided already. None: ``true`` is ``target``, or it takes
    more than 100,000.

    Raises:
        ValueError: A share is none.
    """
    if not (0 < target < 1 and 0 <= true <= 1 and 0 < chance < 1):
        raise ValueError(f"expected shares between 0 and 1, found target {target}, true {true}, chance {chance}")
    if true < target:
        target, true, right = 1 - target, 1 - true, n - right
    if n and wilson(right, n)[0] >= target:
        return 0
    if true == target:
        return None
    return _first_reached(target, true, chance, right, n)


def _first_reached(target: float, true: float, chance: float, right: float, n: float) -> int | None:
    """Look only at numbers of labels at which one more wrong one is allowed: between those the chance falls."""

    def reaches(allowed: int) -> bool:
        return _at_most(allowed, _labels_for(target, allowed, right, n), 1 - true) >= chance

    most = _most_wrong(target, _MOST, right, n)
    if most < 0 or not reaches(most):
        return None
    allowed = bisect_left(range(most), True, key=reaches)
    return _labels_for(target, allowed, right, n)


def _labels_for(target: float, wrong: int, right: float, n: float) -> int:
    """Return how few labels, with ``wrong`` wrong ones among them, bring the lower bound to ``target``."""
    return wrong + bisect_left(
        range(2 * _MOST), True, key=lambda good: _is_reached(target, wrong, wrong + good, right, n)
    )


def _is_reached(target: float, wrong: int, more: int, right: float, n: float) -> bool:
    return n + more > 0 and wilson(right + more - wrong, n + more)[0] >= target


def _most_wrong(target: float, more: int, right: float, n: float) -> int:
    """Return how many of the labels to come may be wrong; −1: even none is too many."""
    return bisect_left(range(more + 1), True, key=lambda wrong: not _is_reached(target, wrong, more, right, n)) - 1


def _at_most(wrong: int, n: int, chance: float) -> float:
    """Return the binomial chance of at most ``wrong`` of ``n``."""
    if wrong >= n or chance == 0:
        return 1.0
    if chance == 1:
        return 0.0
    fixed, spread = math.lgamma(n + 1), math.sqrt(n * chance * (1 - chance))
    least = max(0, int(n * chance - 10 * spread) - 10)  # below, no chance is left that a float could hold
    return min(1.0, math.fsum(math.exp(fixed + _log_term(k, n, chance)) for k in range(least, wrong + 1)))


def _log_term(k: int, n: int, chance: float) -> float:
    own = k * math.log(chance) + (n - k) * math.log1p(-chance)
    return own - math.lgamma(k + 1) - math.lgamma(n - k + 1)
