"""How right the machine is: against a person, against gold, and as it would look if every label counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from review.adjudication import cause, standing
from review.estimates import Estimate, estimate
from review.proportions import wilson
from review.reviewed import Cause, ReviewedCall
from review.sample import Domain, Sample, everywhere


@dataclass(frozen=True)
class Accuracy:
    """The shares of calls with the machine's answer right; None where there are no labels for it."""

    person: Estimate | None
    """By what one person says who does not know the machine's answer."""
    gold: Estimate | None
    """By what two people agree on, or a third decides. None also while calls wait for a third reader."""


@dataclass(frozen=True)
class CategoryAccuracy:
    """How right the machine is on one category."""

    precision: Accuracy
    """Of the calls that the machine says are it."""
    recall: Accuracy
    """Of the calls that people say are it."""


def accuracy(sample: Sample, among: Domain = everywhere) -> Accuracy:
    """Return how often the machine is right, over all calls of the frames or those ``among`` them."""
    return Accuracy(
        estimate(sample.against_person(_right, among)),
        estimate(sample.against_gold(_right, among)),
    )


def by_category(sample: Sample) -> dict[str, CategoryAccuracy]:
    """Return precision and recall of every category that the machine or a first reader named."""
    named = sorted({call.machine for call in sample.calls} | {call.person for call in sample.calls})
    return {
        category: CategoryAccuracy(
            accuracy(sample, _among(lambda call, _label, own: call.machine == own, category)),
            accuracy(sample, _among(lambda _call, label, own: label == own, category)),
        )
        for category in named
    }


def by(sample: Sample, part: Callable[[ReviewedCall], str]) -> dict[str, Accuracy]:
    """Return the accuracy of every part of the calls, e.g. of each period or of each version of the classifier."""
    return {
        name: accuracy(sample, _among(lambda call, _label, own: part(call) == own, name))
        for name in sorted({part(call) for call in sample.calls})
    }


def naive(calls: Iterable[ReviewedCall]) -> Estimate | None:
    """Return the share of all labelled calls on which the machine is right, however they were chosen and read.

    For comparison alone: it answers no question about the machine.
    """
    hits = [call.machine == standing(call) for call in calls if call.readings]
    if not hits:
        return None
    return Estimate(sum(hits) / len(hits), wilson(sum(hits), len(hits)), len(hits), len(hits))


def error_budget(sample: Sample) -> dict[Cause | None, Estimate]:
    """Return the share of all calls that the machine gets wrong for each cause: what to mend first.

    None as a cause: nobody has named one.
    """
    found = {}
    for name in (*Cause, None):
        mean = sample.against_person(partial(_wrong_by, name))
        if (share := estimate(mean)) is not None:
            found[name] = share
    return found


def _among(belongs: Callable[[ReviewedCall, str, str], bool], own: str) -> Domain:
    return lambda call, label: belongs(call, label, own)


def _wrong_by(name: Cause | None, call: ReviewedCall, label: str) -> float:
    return float(call.machine != label and cause(call) == name)


def _right(call: ReviewedCall, label: str) -> float:
    return float(call.machine == label)
