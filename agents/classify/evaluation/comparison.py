"""Whether one evaluation of the same calls is better than another."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict

from scipy.stats import binomtest, norm

from agents.classify.evaluation.judged import Interval
from streams.errors import CallsiftError

_SIGNIFICANT = 0.05
_LEVELS = ("category", "leaf")


class Paired(TypedDict):
    """Two evaluations on one level: shares of right calls, and what the difference is worth."""

    a: float
    b: float
    difference: float
    interval: Interval
    only_a_right: int
    only_b_right: int
    p_value: float
    better: Literal["A", "B"] | None


class Comparison(TypedDict):
    """Two evaluations of the same calls."""

    n: int
    left_out: int
    category: Paired
    leaf: Paired


def compare(a: Mapping[str, Any], b: Mapping[str, Any]) -> Comparison:
    """Compare two evaluations call by call, as ``callsift eval --json`` printed them.

    Calls that only one of them has are left out and counted. For both levels: the accuracy of each, the difference
    B − A with its 95 % interval (Bonett and Price 2012, for paired shares), how many calls only one has right, the
    p-value of McNemar's exact test, and the verdict.

    Raises:
        CallsiftError: One of them is no evaluation, they have no call in common, or a call has another content or
            label in the other.
    """
    first, second = _by_id(a, "first"), _by_id(b, "second")
    common = [name for name in first if name in second]
    if not common:
        raise CallsiftError("the two evaluations have no call in common", "Evaluate the same file twice")
    for name in common:
        for fact in ("content", "expected"):
            if getattr(first[name], fact) != getattr(second[name], fact):
                raise CallsiftError(
                    f"call {name} has another {fact} in the second evaluation", "Evaluate the same file"
                )
    pairs = {level: [(first[name].right[level], second[name].right[level]) for name in common] for level in _LEVELS}
    return Comparison(
        n=len(common),
        left_out=len(first) + len(second) - 2 * len(common),
        category=_paired(pairs["category"]),
        leaf=_paired(pairs["leaf"]),
    )


class _Call(NamedTuple):
    content: str
    expected: str
    right: dict[str, bool]


def _by_id(evaluation: Mapping[str, Any], place: str) -> dict[str, _Call]:
    try:
        return {
            call["id"]: _Call(
                call["content"], call["expected"], {level: bool(call["right"][level]) for level in _LEVELS}
            )
            for call in evaluation["calls"]
        }
    except (KeyError, TypeError):
        raise CallsiftError(
            f"the {place} file holds no evaluation", "Write it with: callsift eval FILE --json > EVALUATION.json"
        ) from None


def _paired(pairs: Sequence[tuple[bool, bool]]) -> Paired:
    n = len(pairs)
    only_a = sum(a and not b for a, b in pairs)
    only_b = sum(b and not a for a, b in pairs)
    differing = only_a + only_b
    p_value = float(binomtest(only_b, differing).pvalue) if differing else 1.0
    better: Literal["A", "B"] = "B" if only_b > only_a else "A"
    return {
        "a": sum(a for a, _ in pairs) / n,
        "b": sum(b for _, b in pairs) / n,
        "difference": (only_b - only_a) / n,
        "interval": _interval(only_a, only_b, n),
        "only_a_right": only_a,
        "only_b_right": only_b,
        "p_value": p_value,
        "better": better if p_value < _SIGNIFICANT else None,
    }


def _interval(only_a: int, only_b: int, n: int) -> Interval:
    """Return the adjusted Wald interval of the difference of paired shares."""
    lost, won = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    middle = won - lost
    reach = float(norm.ppf(0.975)) * math.sqrt((won + lost - middle**2) / (n + 2))
    return max(-1.0, middle - reach), min(1.0, middle + reach)
