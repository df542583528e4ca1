"""The figures of an evaluation, in the shape in which ``callsift eval --json`` prints them."""

from collections.abc import Callable, Sequence
from typing import Generic, TypedDict, TypeVar

from sklearn.metrics import confusion_matrix

from agents.classify.evaluation.calibration import Reliability, calibration
from agents.classify.evaluation.judged import Judged, interval, share
from review.proportions import Interval
from schemas import Taxonomy

T = TypeVar("T")


class Levels(TypedDict, Generic[T]):
    """Something of both levels of the taxonomy."""

    category: T
    leaf: T


class Shares(TypedDict, Generic[T]):
    """Something of each share that says how good a classifier is."""

    accuracy: Levels[T]
    coverage: T
    selective_accuracy: Levels[T]


class ClassFigures(TypedDict):
    """The figures of one leaf or category."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class ClassIntervals(TypedDict):
    """Their intervals."""

    precision: Interval | None
    recall: Interval | None


class Intervals(Shares[Interval | None]):
    """The 95 % Wilson interval of each share."""

    per_class: dict[str, ClassIntervals]


class Confusion(TypedDict):
    """Calls by expected leaf (row) and decided leaf (column)."""

    labels: list[str]
    matrix: list[list[int]]


class Figures(Shares[float | None]):
    """All figures; a figure of nothing is null."""

    n: int
    intervals: Intervals
    per_class: dict[str, ClassFigures]
    confusion: Confusion
    calibration: Reliability


def figures(calls: Sequence[Judged], taxonomy: Taxonomy) -> Figures:
    """Measure answers against labels.

    ``accuracy`` is over all calls. ``coverage`` is the share that was answered of the calls that have an answer (whose
    label is not Uncertain). ``selective_accuracy`` is over the answered calls, in which answering a call that is
    labelled Uncertain is an error. ``intervals`` holds the 95 % Wilson interval of each.
    """
    answered = [call for call in calls if call.answered]
    hits: Shares[Sequence[bool]] = {
        "accuracy": _levels(calls),
        "coverage": [call.answered for call in calls if call.answerable],
        "selective_accuracy": _levels(answered),
    }
    classes = _per_class(calls, taxonomy)
    return {
        "n": len(calls),
        **_each(hits, share),
        "intervals": {**_each(hits, interval), "per_class": {code: bounds for code, (_, bounds) in classes.items()}},
        "per_class": {code: own for code, (own, _) in classes.items()},
        "confusion": confusion(calls, taxonomy),
        "calibration": calibration([call for call in calls if call.guess is not None and not call.by_rule]),
    }


def confusion(calls: Sequence[Judged], taxonomy: Taxonomy) -> Confusion:
    """Count calls by expected leaf (row) and decided leaf (column); ``labels`` names both, in the taxonomy's order."""
    labels = list(taxonomy.leaves)
    expected, decided = [call.expected.code for call in calls], [call.decided.code for call in calls]
    matrix = confusion_matrix(expected, decided, labels=labels).tolist() if calls else [[0] * len(labels)] * len(labels)
    return {"labels": labels, "matrix": matrix}


def _levels(calls: Sequence[Judged]) -> Levels[Sequence[bool]]:
    return {"category": [call.right_category for call in calls], "leaf": [call.right_leaf for call in calls]}


def _each(hits: Shares[Sequence[bool]], measure: Callable[[Sequence[bool]], T]) -> Shares[T]:
    overall, selective = hits["accuracy"], hits["selective_accuracy"]
    return {
        "accuracy": {"category": measure(overall["category"]), "leaf": measure(overall["leaf"])},
        "coverage": measure(hits["coverage"]),
        "selective_accuracy": {"category": measure(selective["category"]), "leaf": measure(selective["leaf"])},
    }


def _per_class(calls: Sequence[Judged], taxonomy: Taxonomy) -> dict[str, tuple[ClassFigures, ClassIntervals]]:
    """Every leaf, and every category that has sub-categories: codes are unique over both."""
    classes: dict[str, tuple[ClassFigures, ClassIntervals]] = {}
    for code in dict.fromkeys(code for leaf in taxonomy.leaves.values() for code in (leaf.category, leaf.code)):
        belongs = [code in (call.expected.category, call.expected.sub_category) for call in calls]
        named = [code in (call.decided.category, call.decided.sub_category) for call in calls]
        precision = [own for own, said in zip(belongs, named, strict=True) if said]
        recall = [said for own, said in zip(belongs, named, strict=True) if own]
        found = len(precision) + len(recall)
        classes[code] = (
            {
                "precision": share(precision),
                "recall": share(recall),
                "f1": 2 * sum(precision) / found if found else None,
                "support": len(recall),
            },
            {"precision": interval(precision), "recall": interval(recall)},
        )
    return classes
