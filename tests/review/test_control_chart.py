"""Control charts: what is unusual, what is only uneven, and what is too little to tell."""

import random
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.control_chart import Day, control_chart

FIRST = date(2026, 9, 1)


def days(*counts: int, n: int = 100) -> list[Day]:
    return [Day(FIRST + timedelta(number), n, count) for number, count in enumerate(counts)]


STEADY = [20, 21, 19, 20, 22, 18, 20, 19, 21, 20, 20, 21, 19, 20, 22, 18, 20, 19, 21, 20]


def test_limits_are_three_standard_deviations_of_the_days_own_n() -> None:
    chart = control_chart([*days(*STEADY), Day(FIRST + timedelta(30), 400, 80)])
    assert chart[0].centre == pytest.approx(0.2)
    assert chart[0].limits == pytest.approx((0.2 - 3 * (0.16 / 100) ** 0.5, 0.2 + 3 * (0.16 / 100) ** 0.5))
    assert chart[-1].limits == pytest.approx((0.2 - 3 * (0.16 / 400) ** 0.5, 0.2 + 3 * (0.16 / 400) ** 0.5))
    assert {point.verdict for point in chart} == {"usual"}


def test_the_limits_of_uneven_days_are_laneys() -> None:
    """Montgomery's cans that leak, in samples of 50 (his table 7.1, the first 20); numpy computes the factor."""
    cans = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11]
    chart, centre = control_chart(days(*cans, n=50)), 214 / 1000
    scores = (np.array(cans) / 50 - centre) / (centre * (1 - centre) / 50) ** 0.5
    factor = float(np.abs(np.diff(scores)).mean()) / 1.128
    assert factor > 1.3
    reach = 3 * factor * (centre * (1 - centre) / 50) ** 0.5
    assert chart[0].limits == pytest.approx((max(0, centre - reach), centre + reach))


def test_a_day_far_out_is_high_or_low() -> None:
    chart = control_chart(days(*STEADY, 35, 20, 7))
    assert [point.verdict for point in chart[-3:]] == ["high", "usual", "low"]


def test_a_small_shift_is_seen_by_the_average_before_any_day_is_out() -> None:
    chart = control_chart(days(*STEADY, *[27] * 12))
    assert all(
        point.limits is not None and point.share is not None and point.share < point.limits[1] for point in chart
    )
    assert chart[-1].verdict == "high"


def test_the_averages_limits_are_the_published_ones() -> None:
    """λ/(2 − λ)·(1 − (1 − λ)^2t) of the day's variance (Roberts 1959)."""
    chart = control_chart(days(*STEADY))
    for t, point in enumerate(chart, 1):
        reach = 3 * (0.16 / 100 * 0.2 / 1.8 * (1 - 0.8 ** (2 * t))) ** 0.5
        assert point.average_limits == pytest.approx((0.2 - reach, 0.2 + reach))


def test_fewer_than_30_calls_are_shown_and_not_judged() -> None:
    few = Day(FIRST + timedelta(25), 29, 29)
    chart = control_chart([*days(*STEADY), few, Day(FIRST + timedelta(26), 30, 30)])
    assert (chart[-2].verdict, chart[-2].share, chart[-2].limits) == ("too few calls", 1.0, None)
    assert chart[-1].verdict == "high"


def test_a_chart_of_nothing_but_few_calls_judges_nothing() -> None:
    chart = control_chart([Day(FIRST, 0, 0), Day(FIRST + timedelta(1), 20, 3)])
    assert [(point.verdict, point.share, point.centre) for point in chart] == [
        ("too few calls", None, None),
        ("too few calls", 0.15, None),
    ]
    assert control_chart([]) == []


def test_the_baseline_begins_again_at_a_mark() -> None:
    new_prompt = FIRST + timedelta(20)
    chart = control_chart(days(*STEADY, *[count + 20 for count in STEADY]), {new_prompt: "prompt 7"})
    assert [point.mark for point in chart[19:22]] == [None, "prompt 7", None]
    assert (chart[19].centre, chart[20].centre) == pytest.approx((0.2, 0.4))
    assert {point.verdict for point in chart} == {"usual"}
    assert "high" in {point.verdict for point in control_chart(days(*STEADY, *[count + 20 for count in STEADY]))}


def test_days_that_differ_more_than_chance_makes_them_have_wider_limits() -> None:
    """Without Laney's factor nearly every day of many calls is out: a Monday is no Sunday."""
    chance = random.Random(5)
    busy = [Day(FIRST + timedelta(d), 10_000, round(10_000 * chance.gauss(0.2, 0.02))) for d in range(60)]
    chart = control_chart(busy)
    by_chance = 3 * (0.16 / 10_000) ** 0.5
    assert sum(abs(point.share - 0.2) > by_chance for point in chart if point.share is not None) > 20
    assert sum(point.verdict != "usual" for point in chart) <= 3


def test_a_steady_share_is_rarely_called_unusual() -> None:
    alarms = 0
    for seed in range(40):
        chance = random.Random(seed)
        counts = [sum(chance.random() < 0.2 for _ in range(150)) for _ in range(50)]
        alarms += sum(point.verdict != "usual" for point in control_chart(days(*counts, n=150))[20:])
    assert alarms / (40 * 30) < 0.03


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1)), max_size=40))
def test_limits_are_shares_and_every_day_has_a_point(made: list[tuple[int, float]]) -> None:
    counted = [Day(FIRST + timedelta(place), n, int(n * share)) for place, (n, share) in enumerate(made)]
    chart = control_chart(counted)
    assert [point.day for point in chart] == [day.day for day in counted]
    for point in chart:
        assert (point.verdict == "too few calls") == (point.n < 30)
        if point.limits and point.centre is not None:
            assert 0 <= point.limits[0] <= point.centre <= point.limits[1] <= 1


@pytest.mark.parametrize(
    ("wrong", "says"), [([Day(FIRST, 10, 1), Day(FIRST, 10, 1)], "in order"), ([Day(FIRST, 10, 11)], "0 <= count")]
)
def test_days_that_are_none_are_refused(wrong: list[Day], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        control_chart(wrong)
