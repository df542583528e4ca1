"""Counts corrected by how the machine errs."""

import random
from dataclasses import replace

import pytest

from review.corrected import Counted, corrected_shares, rogan_gladen
from review.proportions import Z
from review.sample import Sample
from tests.review.labels import label, labels


def test_a_category_that_the_machine_misses_is_counted_as_often_as_people_find_it() -> None:
    sample = Sample(labels([("price", "price")] * 70 + [("price", "fee")] * 20 + [("fee", "fee")] * 10))
    shares = corrected_shares(sample, {"price": 9_000, "fee": 1_000})
    assert shares["fee"].share == pytest.approx(0.1 + 0.2)
    assert shares["price"].share == pytest.approx(0.9 - 0.2)
    low, high = shares["fee"].interval
    assert 0.2 < low < 0.3 < high < 0.4


def test_what_the_machine_counts_over_all_calls_makes_the_bars_shorter_than_the_labels_alone() -> None:
    chance = random.Random(1)
    pairs = [(name, name if chance.random() < 0.95 else "other") for name in chance.choices("ab", k=200)]
    shares = corrected_shares(Sample(labels(pairs)), {"a": 5_000, "b": 5_000})
    alone = 2 * Z * (0.5 * 0.5 / 200) ** 0.5
    assert shares["a"].interval[1] - shares["a"].interval[0] < 0.5 * alone


def test_shares_are_corrected_by_gold_where_calls_were_read_twice() -> None:
    sample = Sample(labels([("price", "fee", "price", "price")] * 10 + [("price", "price", "price")] * 40))
    assert corrected_shares(sample, {"price": 1_000})["fee"].share == 0.0
    single = Sample([label(f"c{n}", "price", "fee" if n < 10 else "price") for n in range(50)])
    assert corrected_shares(single, {"price": 1_000})["fee"].share == pytest.approx(0.2)


def test_the_difference_is_from_the_answer_that_was_counted_whatever_the_machine_has_said_since() -> None:
    """40 of 100 drawn calls were decided again, and rightly so, before they were read: the count is of before."""
    again = [replace(one, counted="price") for one in labels([("fee", "fee")] * 40)]
    same = [label(f"same{n}", "price", "price") for n in range(60)]
    shares = corrected_shares(Sample([*again, *same]), {"price": 1_000})
    assert shares["fee"].share == pytest.approx(0.4)
    assert shares["price"].share == pytest.approx(0.6)


def test_counts_of_no_calls_are_refused() -> None:
    with pytest.raises(ValueError, match="found none"):
        corrected_shares(Sample([]), {})


def test_rogan_and_gladens_share_is_what_the_formula_says() -> None:
    found = rogan_gladen(Counted(280, 1000), Counted(80, 100), Counted(180, 200))
    assert found is not None
    assert found[0] == pytest.approx((0.28 + 0.9 - 1) / (0.8 + 0.9 - 1))


def test_the_interval_is_that_of_lang_and_reiczigel_2014() -> None:
    # A line of the data that their program comes with, by their formulas: 27 positive of 650, sensitivity 50 % in 100,
    # specificity 99.5 % in 200.
    n, z2 = 650 + Z**2, Z**2
    observed, hit, left = (27 + z2 / 2) / n, 51 / 102, 200 / 202
    share = (observed + left - 1) / (hit + left - 1)
    shift = 2 * z2 * (share * hit * (1 - hit) / 102 - (1 - share) * left * (1 - left) / 202)
    spread = (
        observed * (1 - observed) / n + share**2 * hit * (1 - hit) / 102 + (1 - share) ** 2 * left * (1 - left) / 202
    )
    reach = Z * spread**0.5 / (hit + left - 1)
    found = rogan_gladen(Counted(27, 650), Counted(50, 100), Counted(199, 200))
    assert found is not None
    assert found[1] == pytest.approx((share + shift - reach, share + shift + reach))


def test_the_interval_holds_the_true_share_in_95_of_100_samples() -> None:
    chance, held, runs = random.Random(3), 0, 600
    for _ in range(runs):
        hits = Counted(sum(chance.random() < 0.8 for _ in range(60)), 60)
        left = Counted(sum(chance.random() < 0.95 for _ in range(150)), 150)
        said = sum(chance.random() < 0.2 * 0.8 + 0.8 * 0.05 for _ in range(1000))
        found = rogan_gladen(Counted(said, 1000), hits, left)
        assert found is not None
        held += found[1][0] <= 0.2 <= found[1][1]
    assert 0.92 <= held / runs <= 0.985


@pytest.mark.parametrize(
    ("hits", "left"),
    [
        (Counted(20, 25), Counted(180, 200)),  # too few calls of the category
        (Counted(50, 100), Counted(50, 100)),  # a coin
        (Counted(18, 30), Counted(17, 30)),  # hardly better than one
    ],
)
def test_a_machine_of_which_too_little_is_known_corrects_nothing(hits: Counted, left: Counted) -> None:
    assert rogan_gladen(Counted(300, 1000), hits, left) is None


def test_a_share_below_nothing_is_clipped() -> None:
    found = rogan_gladen(Counted(5, 1000), Counted(90, 100), Counted(170, 200))
    assert found is not None
    assert found[0] == 0.0
    assert 0.0 <= found[1][0] <= found[1][1] < 0.1
