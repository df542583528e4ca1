"""Means over all calls of the frames, from the labels of the drawn ones."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from review.adjudication import gold
from review.estimates import Mean
from review.reviewed import ReviewedCall, measured

Value = Callable[[ReviewedCall, str], float]
"""What is averaged: of a call and the label that a person gave it. Between −1 and 1."""
Domain = Callable[[ReviewedCall, str], bool]
"""Over which calls, by the same two."""
_UNSEEN = 0.25
"""Doubled calls that are added in each direction in which gold may differ from the first reader. Without them the
interval is too narrow where few differ: measured in docs/review.md."""


def everywhere(_call: ReviewedCall, _label: str) -> bool:
    """Whether a call belongs to the domain of all calls: it does."""
    return True


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
        labels = [call.person for call in self.calls]
        total, over = self._total(value, among, labels), self._total(_one, among, labels)
        return self._mean(value, among, total / over, over, 0.0) if over else None

    def against_gold(self, value: Value, among: Domain = everywhere) -> Mean | None:
        """Return the mean of ``value`` as it would be had every call of the frame been read twice and adjudicated.

        Two-phase: the first readers' mean over all labels, plus the mean by which gold differs from it on the doubled
        calls. None if no label is in the domain, none was doubled, or doubled calls wait for a third reader: without
        those, which are the hard ones, the rest looks better than it is.
        """
        both = [index for index, call in enumerate(self.calls) if call.doubled]
        if not both or self.waiting:
            return None
        persons = [call.person for call in self.calls]
        scale = sum(self._weights) / sum(self._weights[index] for index in both)

        def total(what: Value) -> float:
            return self._total(what, among, persons) + scale * sum(
                self._weights[index] * (self._term(what, among, index, True) - self._term(what, among, index, False))
                for index in both
            )

        over = total(_one)
        if over <= 0:
            return None
        share = total(value) / over
        return self._mean(value, among, share, over, self._second_phase(value, among, share, over, both, scale))

    def _term(self, value: Value, among: Domain, index: int, golden: bool) -> float:
        call = self.calls[index]
        label = (self._gold[index] if golden else None) or call.person
        return value(call, label) if among(call, label) else 0.0

    def _total(self, value: Value, among: Domain, labels: Sequence[str]) -> float:
        return sum(
            weight * value(call, label)
            for call, label, weight in zip(self.calls, labels, self._weights, strict=True)
            if among(call, label)
        )

    def _mean(self, value: Value, among: Domain, share: float, over: float, second: float) -> Mean:
        """Linearise the ratio within each group, and add what the second phase is unsure of."""
        variance, counted, squares = second, 0, 0.0
        for group, members in self._groups.items():
            inside = [index for index in members if among(self.calls[index], self.calls[index].person)]
            residuals = [
                self._weights[index] * (value(self.calls[index], self.calls[index].person) - share) for index in inside
            ]
            n, unread = len(members), self._unread[group]
            middle = sum(residuals) / n if n > 1 else 0.0
            squared = sum((residual - middle) ** 2 for residual in residuals) + (n - len(inside)) * middle**2
            variance += unread * squared * (n / (n - 1) if n > 1 else 1.0) / over**2
            counted += len(inside)
            squares += unread * sum(self._weights[index] ** 2 for index in inside)
        return Mean(share, variance, counted, over**2 / squares if squares else math.inf)

    def _second_phase(
        self, value: Value, among: Domain, share: float, over: float, both: Sequence[int], scale: float
    ) -> float:
        """Return the variance of the mean difference between gold and first reader, over the doubled calls."""
        weights, moved = [], []
        for index in both:
            call = self.calls[index]
            if among(call, call.person) or among(call, self._gold[index] or call.person):
                difference = [
                    self._term(value, among, index, golden) - share * self._term(_one, among, index, golden)
                    for golden in (True, False)
                ]
                weights.append(self._weights[index])
                moved.append(difference[0] - difference[1])
        if not weights:
            return 1.0
        total = sum(weights)
        effective = total**2 / sum(weight**2 for weight in weights)
        first = sum(weight * move for weight, move in zip(weights, moved, strict=True)) / total
        second = sum(weight * move**2 for weight, move in zip(weights, moved, strict=True)) / total
        second = (second * effective + 2 * _UNSEEN) / (effective + 2 * _UNSEEN)
        left = 1 - len(both) / len(self.calls)
        return left * (second - first**2) / (effective + 2 * _UNSEEN) * (scale * total / over) ** 2


def _one(_call: ReviewedCall, _label: str) -> float:
    return 1.0
