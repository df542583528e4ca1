"""A version in the shadow of the one in use."""

import pytest

from review.sample import Sample
from review.shadow import Answer, Flip, shadowed
from tests.review.labels import label, labels


def answers(*categories: str, cost: float = 0.0) -> dict[str, Answer]:
    return {str(n): Answer(category, cost) for n, category in enumerate(categories)}


def test_what_flips_is_said_call_by_call_with_mcnemars_test_and_the_price() -> None:
    sample = Sample(labels([("a", "a"), ("b", "b"), ("c", "c"), ("a", "a")]))
    used = answers("a", "a", "a", "a", cost=0.002)
    found = shadowed(sample, used, answers("b", "b", "b", "a", cost=0.005))
    assert found is not None
    assert found.flips == (
        Flip("0", "a", "a", "b", "broken"),
        Flip("1", "b", "a", "b", "mended"),
        Flip("2", "c", "a", "b", "still wrong"),
    )
    assert (found.paired["only_a_right"], found.paired["only_b_right"], found.paired["better"]) == (1, 1, None)
    assert found.cost == pytest.approx(0.003)
    assert (found.n, found.left_out, found.difference) == (4, 0, 0.0)


def test_a_better_shadow_is_called_better() -> None:
    sample = Sample(labels([("a", "a")] * 40))
    found = shadowed(sample, answers(*["b"] * 12, *["a"] * 28), answers(*["b"] * 2, *["a"] * 38))
    assert found is not None
    assert found.paired["better"] == "B"
    assert found.paired["p_value"] == pytest.approx(2 / 2**10)
    low, high = found.interval
    assert found.difference == pytest.approx(0.25)
    assert 0 < low < 0.25 < high


def test_the_gain_is_weighted_as_the_calls_were_drawn() -> None:
    rare = labels([("a", "a")] * 10, stratum="0", p=0.5)
    often = [label(f"o{n}", "a", "a", stratum="often", p=0.05) for n in range(10)]
    used = {call.call_id: Answer("b" if call.drawn.stratum == "0" else "a") for call in [*rare, *often]}
    found = shadowed(Sample([*rare, *often]), used, {call_id: Answer("a") for call_id in used})
    assert found is not None
    assert found.paired["difference"] == pytest.approx(0.5)
    assert found.difference == pytest.approx(20 / 220)


def test_gold_decides_where_there_is_one() -> None:
    disputed = Sample([label("0", "a", "a", "b", "b")])
    found = shadowed(disputed, answers("a"), answers("b"))
    assert found is not None
    assert found.flips[0].what == "mended"


def test_calls_that_only_one_version_answered_are_left_out_and_counted() -> None:
    sample = Sample(labels([("a", "a")] * 3))
    found = shadowed(sample, answers("a", "a"), answers("a", "a", "a"))
    assert found is not None
    assert (found.n, found.left_out) == (2, 1)
    assert shadowed(sample, {}, {}) is None
