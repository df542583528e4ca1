"""How many more labels, and deciding while they come in."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom

from review.planner import chance_of_proof, more_labels
from review.proportions import wilson
from review.sequential import confidence_sequence, verdict


@pytest.mark.parametrize(("true", "n"), [(0.98, 203), (0.97, 457), (0.96, 1825)])
def test_so_many_labels_prove_95_percent_if_exactly_the_true_share_comes_out_right(true: float, n: int) -> None:
    assert wilson(true * n, n)[0] >= 0.95 > wilson(true * (n - 1), n - 1)[0]


@pytest.mark.parametrize(
    ("true", "chance", "n"),
    [(0.99, 0.8, 142), (0.98, 0.8, 311), (0.97, 0.8, 779), (0.96, 0.8, 3420), (0.98, 0.5, 173), (0.97, 0.5, 414)],
)
def test_the_plan_is_the_first_number_of_labels_with_the_chance(true: float, chance: float, n: int) -> None:
    assert more_labels(0.95, true, chance) == n
    by_scipy = [binom.cdf(most_wrong(0.95, labels), labels, 1 - true) for labels in (n - 1, n)]
    assert by_scipy[0] < chance <= by_scipy[1]
    before = range(max(60, n - 120), n)
    assert all(binom.cdf(most_wrong(0.95, labels), labels, 1 - true) < chance for labels in before)


def most_wrong(target: float, n: int) -> int:
    return max((wrong for wrong in range(n // 10 + 2) if wrong <= n and wilson(n - wrong, n)[0] >= target), default=-1)


@given(st.integers(1, 2000), st.floats(0.5, 0.999), st.floats(0.5, 0.999))
def test_the_chance_is_scipys(n: int, target: float, true: float) -> None:
    allowed = max((w for w in range(n + 1) if wilson(n - w, n)[0] >= target), default=-1) if n < 200 else None
    if allowed is not None:
        assert chance_of_proof(target, true, n) == pytest.approx(float(binom.cdf(allowed, n, 1 - true)), abs=1e-9)
    assert 0.0 <= chance_of_proof(target, true, n) <= 1.0


def test_labels_that_are_there_count() -> None:
    from_nothing, later = more_labels(0.9, 0.96, 0.8), more_labels(0.9, 0.96, 0.8, right=48, n=50)
    assert from_nothing is not None
    assert later is not None
    assert 0 < later < from_nothing
    assert more_labels(0.9, 0.96, 0.8, right=192, n=200) == 0


def test_a_share_below_the_target_is_shown_to_be_below() -> None:
    assert more_labels(0.9, 0.8, 0.8) == more_labels(0.1, 0.2, 0.8)
    assert more_labels(0.9, 0.8, 0.8, right=120, n=150) == 0  # 80 %, and at most 86 %


def test_a_share_that_is_the_target_or_next_to_it_is_never_decided() -> None:
    assert more_labels(0.95, 0.95) is None
    assert more_labels(0.95, 0.9501) is None


def test_a_plan_for_what_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="expected shares"):
        more_labels(95, 0.97)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
@pytest.mark.parametrize("n", [1, 20, 300])
def test_a_verdict_needs_a_likelihood_of_20_to_1_against_the_target(share: float, n: int) -> None:
    """Of the average over all shares against the target's: a fair game if the target is the truth."""
    for right in range(n + 1):
        against = float(betabinom.logpmf(right, n, 1, 1)) - float(binom.logpmf(right, n, share))
        assert (verdict(right, n, share) == "open") == (against < math.log(20))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_sequence_is_wider_than_the_interval_for_one_look_and_says_what_the_verdict_says(
    counted: tuple[int, int],
) -> None:
    right, n = counted
    low, high = confidence_sequence(right, n)
    assert low <= wilson(right, n)[0] + 1e-9
    assert high >= wilson(right, n)[1] - 1e-9
    for target in (0.5, 0.9, 0.95):
        expected = "reached" if low > target else "missed" if high < target else "open"
        assert verdict(right, n, target) == expected


def test_looking_after_every_label_is_allowed() -> None:
    worlds, denied, denied_by_wilson = 200, 0, 0
    for seed in range(worlds):
        chance, right, wrongly, by_wilson = random.Random(seed), 0, False, False
        for n in range(1, 401):
            right += chance.random() < 0.9
            wrongly = wrongly or verdict(right, n, 0.9) != "open"
            by_wilson = by_wilson or (n >= 30 and not wilson(right, n)[0] <= 0.9 <= wilson(right, n)[1])
        denied, denied_by_wilson = denied + wrongly, denied_by_wilson + by_wilson
    assert denied <= 0.05 * worlds
    assert denied_by_wilson > 0.2 * worlds


def test_before_the_first_label_everything_is_open() -> None:
    assert confidence_sequence(0, 0) == (0.0, 1.0)
    assert verdict(0, 0, 0.9) == "open"
    with pytest.raises(ValueError, match="expected 0 <= right <= n"):
        confidence_sequence(3, 2)
