"""Comparing two evaluations: paired, exact, and only of the same calls."""

from typing import Any

import pytest

from agents.classify.evaluation.comparison import compare
from streams.errors import CallsiftError


def evaluation(rights: list[bool], **changes: Any) -> dict[str, Any]:
    return {
        "calls": [
            {
                "id": f"c{n}",
                "content": f"{n}",
                "expected": "others",
                "decided": "others" if right else "complaint",
                "right": {"category": right, "leaf": right},
            }
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


def test_what_flips_is_said_call_by_call() -> None:
    a, b = evaluation([True, False, False, True]), evaluation([False, True, False, True])
    b["calls"][2]["decided"] = "price_research"
    assert compare(a, b)["flips"] == [
        {"id": "c0", "expected": "others", "a": "others", "b": "complaint", "what": "broken"},
        {"id": "c1", "expected": "others", "a": "complaint", "b": "others", "what": "mended"},
        {"id": "c2", "expected": "others", "a": "complaint", "b": "price_research", "what": "still wrong"},
    ]


def test_calls_count_as_often_as_they_stand_for_others() -> None:
    """Ten calls stand for themselves, and B wins on them; ten stand for ninety each, and A does."""
    a, b = (evaluation([right] * 10 + [not right] * 10) for right in (False, True))
    for number, (one, other) in enumerate(zip(a["calls"], b["calls"], strict=True)):
        one["weight"] = other["weight"] = 1.0 if number < 10 else 90.0
    found = compare(a, b)["leaf"]
    assert [found["a"], found["b"]] == pytest.approx([900 / 910, 10 / 910])
    assert found["difference"] == pytest.approx(-890 / 910)
    assert (found["only_a_right"], found["only_b_right"], found["p_value"]) == (10, 10, 1.0)


def test_equal_weights_are_none_and_unequal_ones_widen_the_interval() -> None:
    rights = [True] * 60 + [False] * 20, [True] * 50 + [False] * 10 + [True] * 20
    plain, same, uneven = ([evaluation(list(own)) for own in rights] for _ in range(3))
    for pair, weights in ((same, [7.5] * 80), (uneven, [1.0, 9.0] * 40)):
        for one in pair:
            for call, weight in zip(one["calls"], weights, strict=True):
                call["weight"] = weight
    found = [compare(*pair)["leaf"] for pair in (plain, same, uneven)]
    assert list(found[1]["interval"]) == pytest.approx(list(found[0]["interval"]))
    assert found[1]["difference"] == pytest.approx(found[0]["difference"])
    assert found[2]["difference"] == pytest.approx(found[0]["difference"])
    width = [own["interval"][1] - own["interval"][0] for own in found]
    assert width[2] > 1.2 * width[0]


def test_a_verdict_against_the_weighted_difference_is_none() -> None:
    a, b = evaluation([False] * 10 + [True]), evaluation([True] * 10 + [False])
    for one in (a, b):
        one["calls"][-1]["weight"] = 1000.0
    found = compare(a, b)["leaf"]
    assert found["p_value"] < 0.05 and found["difference"] < 0
    assert found["better"] is None


@pytest.mark.parametrize(("fact", "value"), [("content", "other"), ("expected", "complaint"), ("weight", 2.0)])
def test_a_call_that_has_changed_cannot_be_compared(fact: str, value: str) -> None:
    with pytest.raises(CallsiftError, match=f"another {fact}"):
        compare(evaluation([True]), evaluation([True], **{fact: value}))


@pytest.mark.parametrize("content", [{}, {"calls": [{"id": "a"}]}, {"calls": 3}, {"calls": [3]}])
def test_a_file_that_is_no_evaluation_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(CallsiftError, match="the first file holds no evaluation"):
        compare(content, evaluation([True]))
    with pytest.raises(CallsiftError, match="the second file holds no evaluation"):
        compare(evaluation([True]), content)


def test_evaluations_of_different_calls_are_refused() -> None:
    with pytest.raises(CallsiftError, match="in common"):
        compare(evaluation([True]), evaluation([True], id="elsewhere"))
