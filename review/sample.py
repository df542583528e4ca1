"""Means over all calls of the frames, from the labels of the drawn ones."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from review.adjudication import gold
from review.estimates import Mean
from review.reviewed import ReviewedCall, measured

Value = Callable[[ReviewedCall, str], float]
"""What is averaged: of a call and the label that a person gave it. Between −1 and 1."""
Domain = Callable[[ReviewedCall, str], bool]
"""Over which calls, by the same two."""
_UNSEEN = 0.1
"""Doubled calls that are added in each direction in which gold may differ from the first reader. Without them the
interval is too narrow where few differ: measured in docs/review.md."""


def everywhere(_call: ReviewedCall, _label: str) -> bool:
    """Whether a call belongs to the domain of all calls: it does."""
    return True


class _Term(NamedTuple):
    """What a call adds to the total of a value, and to the number of calls over which it is averaged."""

    value: float
    over: float

    def minus(self, mean: float) -> float:
        return self.value - mean * self.over


def _term(value: Value, among: Domain, call: ReviewedCall, label: str) -> _Term:
    return _Term(value(call, label), 1.0) if among(call, label) else _Term(0.0, 0.0)


class Sample:
    """Labels that may enter an estimate, with how many calls each stands for."""

    def __init__(self, calls: Iterable[ReviewedCall], sizes: Mapping[tuple[str, str], int] | None = None) -> None:
        """Weigh the calls that were drawn and read blind; others are left out.

        Args:
            calls: Reviewed calls of any kind.
            sizes: Calls in the frame, by frame and stratum (``Draw.group_sizes``, late ones added). Each label of a
                group stands for an equal share of it, whether or not all drawn calls are read yet, and where much of
                a group is read the interval is the narrower for it. A group without a size has weights 1/p.

        Raises:
            ValueError: A chance is no chance, or a call was drawn twice.
        """
        self.calls: Sequence[ReviewedCall] = measured(calls)
        self._groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, call in enumerate(self.calls):
            self._groups[call.drawn.group].append(index)
        self._weights = [0.0] * len(self.calls)
        self._unread: dict[tuple[str, str], float] = {}
        for group, members in self._groups.items():
            size = (sizes or {}).get(group)
            if size is not None and size < len(members):
                raise ValueError(
                    f"group {group} has {size} calls and {len(members)} labels. Add late calls to its size"
                )
            self._unread[group] = 1 - len(members) / size if size else 1.0
            for index in members:
                self._weights[index] = size / len(members) if size else 1 / (self.calls[index].drawn.p or 1)
        self._gold = [gold(call) for call in self.calls]
        self.unread_groups = sorted(
            group for group, size in (sizes or {}).items() if size and group not in self._groups
        )
        """Frames and strata that nobody has read a call of yet: no figure speaks for them."""

    @property
    def weights(self) -> Sequence[float]:
        """How many calls of the frame each call stands for."""
        return self._weights

    @property
    def doubled(self) -> int:
        """Calls that two people read."""
        return sum(call.doubled for call in self.calls)

    @property
    def waiting(self) -> int:
        """Calls on which two people differ and no third has decided yet."""
        return sum(call.doubled and label is None for call, label in zip(self.calls, self._gold, strict=True))

    def against_person(self, value: Value, among: Domain = everywhere) -> Mean | None:
        """Return the mean of ``value`` with the first reader's labels; None if no label is in the domain."""
        terms = [_term(value, among, call, call.person) for call in self.calls]
        whole = self._total({index: term.over for index, term in enumerate(terms)})
        if whole <= 0:
            return None
        mean = self._total({index: term.value for index, term in enumerate(terms)}) / whole
        return self._mean(mean, self._first_phase([term.minus(mean) for term in terms]) / whole**2, terms)

    def against_gold(self, value: Value, among: Domain = everywhere) -> Mean | None:
        """Return the mean of ``value`` as it would be had every call of the frame been read twice and adjudicated.

        Two-phase: the first readers' mean over all labels, plus the mean by which gold differs from it on the doubled
        calls. None if no label is in the domain, none was doubled, or doubled calls wait for a third reader: without
        those, which are the hard ones, the rest looks better than it is.
        """
        if not self.doubled or self.waiting:
            return None
        first = [_term(value, among, call, call.person) for call in self.calls]
        golden = {
            index: _term(value, among, self.calls[index], label)
            for index, label in enumerate(self._gold)
            if label is not None
        }
        scale = sum(self._weights) / self._total(dict.fromkeys(golden, 1.0))

        def total(of: Callable[[_Term], float]) -> float:
            moved = {index: of(term) - of(first[index]) for index, term in golden.items()}
            return self._total({index: of(term) for index, term in enumerate(first)}) + scale * self._total(moved)

        whole = total(lambda term: term.over)
        if whole <= 0:
            return None
        mean = total(lambda term: term.value) / whole
        before, after = (
            [term.minus(mean) for term in first],
            {index: term.minus(mean) for index, term in golden.items()},
        )
        squares = {index: self._weights[index] * (own**2 - before[index] ** 2) for index, own in after.items()}
        by_draw = max(0.0, self._first_phase(before) + scale * self._total(squares))
        inside = {index: own - before[index] for index, own in after.items() if golden[index].over or first[index].over}
        share = scale * self._total(dict.fromkeys(inside, 1.0)) / whole
        left = 1 - len(golden) / len(self.calls)
        by_doubling = left * share**2 * self._spread_of_mean(inside) if inside else 1.0
        return self._mean(mean, by_draw / whole**2 + by_doubling, first)

    def between_people(self, value: Value) -> Mean | None:
        """Return the mean of ``value`` over all calls from those that two people read; None if there are none.

        Which ones were doubled was drawn as well: where all drawn calls are read, that alone leaves it uncertain.
        """
        mean = self.against_person(value, lambda call, _label: call.doubled)
        if mean is None:
            return None
        inside = [index for index, call in enumerate(self.calls) if call.doubled]
        whole = self._total(dict.fromkeys(inside, 1.0))
        left = 1 - whole / sum(self._weights)
        squares = {index: (value(self.calls[index], self.calls[index].person) - mean.value) ** 2 for index in inside}
        spread = math.fsum(
            self._weights[index] * (self._unread_share(index) * self._weights[index] + left) for index in inside
        )
        return Mean(
            mean.value,
            mean.variance + left * self._total(squares) / whole**2,
            mean.n,
            whole**2 / spread if spread else math.inf,
        )

    def _total(self, values: Mapping[int, float]) -> float:
        return math.fsum(self._weights[index] * value for index, value in values.items())

    def _unread_share(self, index: int) -> float:
        return self._unread[self.calls[index].drawn.group]

    def _first_phase(self, residuals: Sequence[float]) -> float:
        """Return the variance of the weighted total of ``residuals``: within groups, each a simple random sample."""
        variance = 0.0
        for group, members in self._groups.items():
            own, n = [self._weights[index] * residuals[index] for index in members], len(members)
            middle = math.fsum(own) / n if n > 1 else 0.0
            squared = math.fsum((value - middle) ** 2 for value in own)
            variance += self._unread[group] * squared * (n / (n - 1) if n > 1 else 1.0)
        return variance

    def _spread_of_mean(self, moved: Mapping[int, float]) -> float:
        """Return the variance of the weighted mean of what doubling moved, with a few unseen calls that it moved."""
        n, whole = len(moved), self._total(dict.fromkeys(moved, 1.0))
        middle = self._total(moved) / whole
        own = math.fsum((self._weights[index] * (value - middle)) ** 2 for index, value in moved.items())
        unseen = 2 * _UNSEEN * math.fsum(self._weights[index] ** 2 for index in moved) / n
        return (own * n / max(1, n - 1) + unseen) / whole**2

    def _mean(self, value: float, variance: float, terms: Sequence[_Term]) -> Mean:
        inside = [index for index, term in enumerate(terms) if term.over]
        squares = math.fsum(self._unread_share(index) * self._weights[index] ** 2 for index in inside)
        whole = self._total(dict.fromkeys(inside, 1.0))
        return Mean(value, variance, len(inside), whole**2 / squares if squares else math.inf)
