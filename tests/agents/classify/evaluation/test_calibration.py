"""Whether confidences mean what they say: binned errors, their correction, and what a floor costs."""

import random

import pytest

from agents.classify.evaluation.calibration import calibration, correction, risk_coverage, sufficient_floor
from agents.classify.evaluation.judged import Judged, known
from tests.agents.classify.evaluation.calls import call


def overconfident(calls: int, seed: int = 1) -> list[Judged]:
    """Guesses that say 95 % and are right in 70 of 100, and some that say 55 % and are right in 50."""
    chance = random.Random(seed)
    kinds = [(0.95, 0.7), (0.55, 0.5)]
    made = []
    for number in range(calls):
        stated, true = kinds[number % 2]
        made.append(call("complaint", "complaint" if chance.random() < true else "others", stated, f"c{number}"))
    return made


def test_the_error_is_the_distance_of_confidence_and_share_right_weighted_by_bins() -> None:
    sure = [call("complaint", "complaint", 0.95), call("complaint", "others", 0.85)]
    found = calibration(sure)
    assert found["ece"] == pytest.approx((0.05 + 0.85) / 2)
    assert [own["n"] for own in found["bins"]] == [0] * 8 + [1, 1]
    assert found["bins"][9]["accuracy"] == 1.0
    assert found["bins"][0]["confidence"] is None


def test_a_confidence_of_one_falls_into_the_last_bin() -> None:
    assert calibration([call("complaint", "complaint", 1.0)])["bins"][9]["n"] == 1


def test_below_the_floor_the_guess_is_still_judged() -> None:
    assert calibration([call("complaint", "complaint", 0.1)])["ece"] == pytest.approx(0.9)


def test_a_correction_makes_confidences_mean_what_they_say() -> None:
    calls = overconfident(600)
    assert known(calibration(calls)["ece"]) > 0.1
    found = correction(calls)
    assert found is not None
    assert known(found["ece"]) < 0.05


def test_the_floor_is_the_lowest_with_which_enough_is_right() -> None:
    unsure = [call("complaint", "others", 0.5, f"w{number}") for number in range(20)]
    sure = [call("complaint", "complaint", 0.8, f"r{number}") for number in range(80)]
    assert sufficient_floor([*unsure, *sure]) == {"floor": 0.51, "coverage": 0.8, "risk": 0.0}


def test_no_floor_is_named_where_none_makes_enough_right() -> None:
    assert sufficient_floor(overconfident(200)) is None


def test_nothing_is_fitted_to_too_few_wrong_guesses() -> None:
    assert correction([call("complaint", "complaint", name=f"c{number}") for number in range(50)]) is None


def test_raising_the_floor_never_answers_more() -> None:
    coverage = [own["coverage"] for own in risk_coverage(overconfident(50))]
    assert all(own is not None for own in coverage)
    assert coverage == sorted(coverage, key=lambda own: -(own or 0))


def test_risk_counts_an_answer_to_an_uncertain_call_as_wrong_and_no_answer_as_nothing() -> None:
    curve = risk_coverage([call("uncertain", "complaint"), call("complaint", "complaint"), call("others", "uncertain")])
    assert curve[0] == {"floor": 0.0, "coverage": 0.5, "risk": 0.5}
    assert curve[-1] == {"floor": 1.0, "coverage": 0.0, "risk": None}
