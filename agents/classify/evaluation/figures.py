"""The figures of an evaluation, in the shape in which ``callsift eval --json`` prints them."""

from collections.abc import Sequence
from typing import Any

from sklearn.metrics import confusion_matrix

from agents.classify.evaluation.calibration import calibration
from agents.classify.evaluation.judged import Judged, interval, share
from schemas import Taxonomy

Figures = dict[str, Any]
"""JSON object; a figure of nothing is null."""


def figures(calls: Sequence[Judged], taxonomy: Taxonomy) -> Figures:
    """Measure answers against labels.

    ``accuracy`` is over all calls. ``coverage`` is the share that was answered of the calls that have an answer (whose
    label is not Uncertain). ``selective_accuracy`` is over the answered calls, in which answering a call that is
    labelled Uncertain is an error. ``intervals`` holds the 95 % Wilson interval of each.
    """
    answered = [call for call in calls if call.answered]
    shares = {
        "accuracy": _levels(calls),
        "coverage": [call.answered for call in calls if call.answerable],
        "selective_accuracy": _levels(answered),
    }
    per_class = _per_class(calls, taxonomy)
    return {
        "n": len(calls),
        **_each(shares, share),
        "intervals": {
            **_each(shares, interval),
            "per_class": {
                code: {"precision": own["precision"][1], "recall": own["recall"][1]} for code, own in per_class.items()
            },
        },
        "per_class": {
            code: {
                "precision": own["precision"][0],
                "recall": own["recall"][0],
                "f1": own["f1"],
                "support": own["support"],
            }
            for code, own in per_class.items()
        },
        "confusion": confusion(calls, taxonomy),
        "calibration": calibration([call for call in calls if call.guess is not None and not call.by_rule]),
    }


def confusion(calls: Sequence[Judged], taxonomy: Taxonomy) -> dict[str, Any]:
    """Count calls by expected leaf (row) and decided leaf (column); ``labels`` names both, in the taxonomy's order."""
    labels = list(taxonomy.leaves)
    expected, decided = [call.expected.code for call in calls], [call.decided.code for call in calls]
    matrix = confusion_matrix(expected, decided, labels=labels).tolist() if calls else [[0] * len(labels)] * len(labels)
    return {"labels": labels, "matrix": matrix}


def _levels(calls: Sequence[Judged]) -> dict[str, list[bool]]:
    return {"category": [call.right_category for call in calls], "leaf": [call.right_leaf for call in calls]}


def _each(shares: Any, measure: Any) -> Any:
    if isinstance(shares, dict):
        return {name: _each(own, measure) for name, own in shares.items()}
    return measure(shares)


def _per_class(calls: Sequence[Judged], taxonomy: Taxonomy) -> dict[str, dict[str, Any]]:
    """Every leaf, and every category that has sub-categories: codes are unique over both."""
    classes: dict[str, dict[str, Any]] = {}
    for code in dict.fromkeys(code for leaf in taxonomy.leaves.values() for code in (leaf.category, leaf.code)):
        belongs = [code in (call.expected.category, call.expected.sub_category) for call in calls]
        named = [code in (call.decided.category, call.decided.sub_category) for call in calls]
        precision = [own for own, said in zip(belongs, named, strict=True) if said]
        recall = [said for own, said in zip(belongs, named, strict=True) if own]
        hits = sum(precision)
        classes[code] = {
            "precision": (share(precision), interval(precision)),
            "recall": (share(recall), interval(recall)),
            "f1": 2 * hits / (len(precision) + len(recall)) if precision or recall else None,
            "support": len(recall),
        }
    return classes
