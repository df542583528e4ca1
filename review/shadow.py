"""Two versions on the same reviewed calls: the one in use, and one that answers in its shadow."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from review.adjudication import gold
from review.paired import Paired, paired
from review.proportions import Interval, Z, clipped
from review.reviewed import ReviewedCall
from review.sample import Sample


@dataclass(frozen=True)
class Answer:
    """What a version said of a call, and what it cost."""

    category: str
    cost: float = 0.0
    """In the currency of the settings."""


@dataclass(frozen=True)
class Flip:
    """A call on which the two versions differ."""

    call_id: str
    label: str
    used: str
    shadow: str
    what: Literal["mended", "broken", "still wrong"]


@dataclass(frozen=True)
class Shadowed:
    """What would change if the shadow version were used."""

    n: int
    left_out: int
    """Labelled calls that one of the two did not answer."""
    paired: Paired
    """McNemar's test on these calls; A is the version in use, B the shadow."""
    difference: float
    """Shadow minus used: what accuracy would gain over all calls of the frames."""
    interval: Interval
    flips: tuple[Flip, ...]
    cost: float
    """By which the shadow's mean cost of a call is higher."""


def shadowed(sample: Sample, used: Mapping[str, Answer], shadow: Mapping[str, Answer]) -> Shadowed | None:
    """Compare two versions on the drawn calls, by gold where there is one, else by the first reader.

    ``used`` and ``shadow`` hold the answers by call id. None if no call has both.
    """

    def both(call: ReviewedCall, _label: str = "") -> bool:
        return call.call_id in used and call.call_id in shadow

    labelled = [(call, gold(call) or call.person) for call in sample.calls if both(call)]
    if not labelled:
        return None

    def gain(call: ReviewedCall, _label: str) -> float:
        label = gold(call) or call.person
        return float(shadow[call.call_id].category == label) - float(used[call.call_id].category == label)

    mean = sample.against_person(gain, both)
    assert mean is not None  # noqa: S101 - there are calls in the domain
    return Shadowed(
        n=len(labelled),
        left_out=len(sample.calls) - len(labelled),
        paired=paired(
            [(used[call.call_id].category == label, shadow[call.call_id].category == label) for call, label in labelled]
        ),
        difference=mean.value,
        interval=clipped(mean.value, Z * math.sqrt(mean.variance), -1.0),
        flips=tuple(
            _flip(call.call_id, label, used[call.call_id].category, shadow[call.call_id].category)
            for call, label in labelled
            if used[call.call_id].category != shadow[call.call_id].category
        ),
        cost=math.fsum(shadow[call.call_id].cost - used[call.call_id].cost for call, _ in labelled) / len(labelled),
    )


def _flip(call_id: str, label: str, used: str, shadow: str) -> Flip:
    return Flip(
        call_id, label, used, shadow, "mended" if shadow == label else "broken" if used == label else "still wrong"
    )
