"""Comparing two evaluations: paired, exact, and only of the same calls."""

from typing import Any

import pytest

from agents.classify.evaluation.comparison import compare
from streams.errors import CallsiftError


def evaluation(rights: list[bool], **changes: Any) -> dict[str, Any]:
    return {
        "calls": [
            {"id": f"c{n}", "content": f"{n}", "expected": "others", "right": {"category": right, "leaf": right}}
            | changes
            for n, right in enumerate(rights)
        ]
    }


def test_the_p_value_is_mcnemars_exact_one() -> None:
    a = evaluation([True] * 80 + [False] * 8 + [True] * 1 + [False] * 11)
    b = evaluation([True] * 80 + [True] * 8 + [False] * 1 + [False] * 11)
    found = compare(a, b)["leaf"]
    assert found["p_value"] == pytest.approx(2 * (1 + 9) / 2**9)  # both tails of 1 or fewer of 9 fair coins
    assert (found["only_a_right"], found["only_b_right"], found["better"]) == (1, 8, "B")
    assert found["difference"] == pytest.approx(0.07)
    assert found["interval"][0] < 0.07 < found["interval"][1]


def test_a_difference_that_chance_makes_is_no_difference() -> None:
    found = compare(evaluation([True, True, False]), evaluation([True, True, True]))["category"]
    assert found["better"] is None
    assert found["p_value"] == 1.0


def test_the_same_evaluation_twice_differs_in_nothing() -> None:
    one = evaluation([True, False, True])
    assert compare(one, one)["leaf"] | {"interval": None} == {
        "a": 2 / 3,
        "b": 2 / 3,
        "difference": 0.0,
        "interval": None,
        "only_a_right": 0,
        "only_b_right": 0,
        "p_value": 1.0,
        "better": None,
    }


def test_swapping_the_two_swaps_the_verdict() -> None:
    good, bad = evaluation([True] * 30), evaluation([True] * 15 + [False] * 15)
    assert compare(bad, good)["leaf"]["better"] == "B"
    assert compare(good, bad)["leaf"]["better"] == "A"


def test_calls_that_only_one_has_are_left_out_and_counted() -> None:
    found = compare(evaluation([True] * 5), evaluation([True] * 3))
    assert (found["n"], found["left_out"]) == (3, 2)


@pytest.mark.parametrize(("fact", "value"), [("content", "other"), ("expected", "complaint")])
def test_a_call_that_has_changed_cannot_be_compared(fact: str, value: str) -> None:
    with pytest.raises(CallsiftError, match=f"another {fact}"):
        compare(evaluation([True]), evaluation([True], **{fact: value}))


@pytest.mark.parametrize("content", [{}, {"calls": [{"id": "a"}]}, {"calls": 3}])
def test_a_file_that_is_no_evaluation_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(CallsiftError, match="the first file holds no evaluation"):
        compare(content, evaluation([True]))
    with pytest.raises(CallsiftError, match="the second file holds no evaluation"):
        compare(evaluation([True]), content)


def test_evaluations_of_different_calls_are_refused() -> None:
    with pytest.raises(CallsiftError, match="in common"):
        compare(evaluation([True]), evaluation([True], id="elsewhere"))
