"""Whether one evaluation of the same calls is better than another."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

from review.paired import Paired, paired
from streams.errors import CallsiftError

_LEVELS = ("category", "leaf")


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
        category=paired(pairs["category"]),
        leaf=paired(pairs["leaf"]),
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
