"""Wilson's interval and McNemar's test, against published figures and two other implementations."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import proportion_confint

from review.paired import mcnemar, paired
from review.proportions import wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombe_1998(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_is_that_of_statsmodels_and_scipy(counted: tuple[int, int]) -> None:
    right, n = counted
    assert wilson(right, n) == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-9)
    assert wilson(right, n) == pytest.approx(tuple(binomtest(right, n).proportion_ci(method="wilson")), abs=1e-9)


def test_a_share_of_what_was_read_whole_is_certain() -> None:
    assert wilson(0.8, math.inf) == (0.8, 0.8)


@pytest.mark.parametrize(("right", "n"), [(1, 0), (3, 2), (-1, 2)])
def test_a_share_that_is_none_is_refused(right: float, n: float) -> None:
    with pytest.raises(ValueError, match="expected 0 <= right <= n"):
        wilson(right, n)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemars_test_is_that_of_statsmodels(only_a: int, only_b: int) -> None:
    theirs = statsmodels_mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue if only_a + only_b else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(min(1.0, float(theirs)), abs=1e-9)


def test_calls_that_show_that_a_version_is_not_worse_by_two_points_where_one_in_twenty_flips() -> None:
    def low(n: int) -> float:
        return paired([(True, False), (False, True)] * round(n / 40) + [(True, True)] * (n - 2 * round(n / 40)))[
            "interval"
        ][0]

    assert low(480) < -0.02 < low(520)


def test_pairs_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one call"):
        paired([])
