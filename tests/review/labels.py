"""Reviewed calls for tests."""

from collections.abc import Sequence
from typing import Any

from review.reviewed import Drawn, Reading, ReviewedCall


def label(call_id: str, machine: str, *said: str, **drawn: Any) -> ReviewedCall:
    """A call of a simple random draw that people of different names read blind."""
    chosen: dict[str, Any] = {"by": "random", "p": 0.1, "second": len(said) > 1} | drawn
    how = Drawn(**chosen)
    return ReviewedCall(call_id, how, machine, tuple(Reading(f"r{n}", answer) for n, answer in enumerate(said)))


def labels(machine_and_said: Sequence[tuple[str, ...]], **drawn: Any) -> list[ReviewedCall]:
    return [label(f"{drawn.get('stratum', '')}{n}", *answers, **drawn) for n, answers in enumerate(machine_and_said)]
