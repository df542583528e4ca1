"""Whether one evaluation of the same calls is better than another."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypedDict

from review.paired import Paired, paired
from streams.errors import CallsiftError

_LEVELS = ("category", "leaf")


class Flip(TypedDict):
    """A call that the two decide differently."""

    id: str
    expected: str
    a: str
    b: str
    what: Literal["mended", "broken", "still wrong"]
    """What B does to it."""


class Comparison(TypedDict):
    """Two evaluations of the same calls."""

    n: int
    left_out: int
    category: Paired
    leaf: Paired
    flips: list[Flip]


def compare(a: Mapping[str, Any], b: Mapping[str, Any]) -> Comparison:
    """Compare two evaluations call by call, as ``callsift eval --json`` printed them.

    Calls that only one of them has are left out and counted. For both levels: ``review.paired``, with the weights of
    the calls. ``flips`` has the calls whose leaf differs.

    Raises:
        CallsiftError: One of them is no evaluation, they have no call in common, or a call has another content, label
            or weight in the other.
    """
    first, second = _by_id(a, "first"), _by_id(b, "second")
    common = [name for name in first if name in second]
    if not common:
        raise CallsiftError("the two evaluations have no call in common", "Evaluate the same file twice")
    for name in common:
        for fact in ("content", "expected", "weight"):
            if getattr(first[name], fact) != getattr(second[name], fact):
                raise CallsiftError(
                    f"call {name} has another {fact} in the second evaluation", "Evaluate the same file"
                )
    weights = [first[name].weight for name in common]
    pairs = {level: [(first[name].right[level], second[name].right[level]) for name in common] for level in _LEVELS}
    return Comparison(
        n=len(common),
        left_out=len(first) + len(second) - 2 * len(common),
        category=paired(pairs["category"], weights),
        leaf=paired(pairs["leaf"], weights),
        flips=[
            _flip(name, first[name], second[name]) for name in common if first[name].decided != second[name].decided
        ],
    )


class _Call(NamedTuple):
    content: str
    expected: str
    decided: str
    right: dict[str, bool]
    weight: float


def _by_id(evaluation: Mapping[str, Any], place: str) -> dict[str, _Call]:
    try:
        return {
            call["id"]: _Call(
                call["content"],
                call["expected"],
                call["decided"],
                {level: bool(call["right"][level]) for level in _LEVELS},
                float(call.get("weight", 1.0)),
            )
            for call in evaluation["calls"]
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise CallsiftError(
            f"the {place} file holds no evaluation", "Write it with: callsift eval FILE --json > EVALUATION.json"
        ) from None


def _flip(name: str, a: _Call, b: _Call) -> Flip:
    what: Literal["mended", "broken", "still wrong"] = (
        "mended" if b.right["leaf"] else "broken" if a.right["leaf"] else "still wrong"
    )
    return {"id": name, "expected": a.expected, "a": a.decided, "b": b.decided, "what": what}
