"""Agreement, against the published examples of those who invented the coefficients, and other implementations."""

import krippendorff
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from review.agreement import Unit, agreement, alpha, kappa
from review.sample import Sample
from tests.review.labels import label, labels


def units(*readers: str) -> list[Unit]:
    """Answers as they are published: a row for each reader, a column for each unit, a dot where one is missing."""
    return [(tuple(answer for answer in column if answer != "."), 1.0) for column in zip(*readers, strict=True)]


def table(*rows: tuple[int, ...]) -> list[Unit]:
    """Counts by the first reader's answer (row) and the second's (column)."""
    return [
        ((str(one), str(other)), 1.0)
        for one, row in enumerate(rows)
        for other, count in enumerate(row)
        for _ in range(count)
    ]


FLEISS_1971 = """
444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555
"""
"""Diagnoses of 30 patients by six psychiatrists each: kappa 0.430, as he rounds it."""


@pytest.mark.parametrize(
    ("data", "published"),
    [
        (units("0100000010", "1110010000"), 0.095),  # section A: binary, two observers
        (units("aabbdcccedda", "babbbccceddd"), 0.692),  # section B: nominal, two observers
        (units("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),  # section C: with gaps
    ],
)
def test_alpha_is_that_of_krippendorff_2011(data: list[Unit], published: float) -> None:
    assert alpha(data) == pytest.approx(published, abs=5e-4)


def test_alpha_of_fleiss_data_of_1971_follows_from_his_kappa() -> None:
    found = alpha([(tuple(answers), 1.0) for answers in FLEISS_1971.split()])
    assert found == pytest.approx(0.430 + (1 - 0.430) / (30 * 6), abs=5e-4)


@pytest.mark.parametrize("differing", [0, 3])
def test_calls_that_were_all_read_and_some_of_them_twice_leave_it_uncertain_how_far_people_agree(
    differing: int,
) -> None:
    twice = [("a", "a", "a")] * (40 - differing) + [("a", "a", "b")] * differing
    once = [label(f"once{n}", "a", "a", frame="w", second=False) for n in range(160)]
    found = agreement(Sample([*labels(twice, frame="w"), *once], {("w", ""): 200}))
    assert found is not None
    low, high = found.raw.interval
    plain = agreement(Sample(labels(twice, frame="w")))  # a draw of forty from calls without number
    assert plain is not None
    wide = plain.raw.interval[1] - plain.raw.interval[0]
    assert high - low == pytest.approx(wide * 0.8**0.5, rel=0.12), "forty of 200: a fifth of them is known"


@pytest.mark.parametrize(
    ("data", "published"),
    [
        (table((88, 14, 18), (10, 40, 10), (2, 6, 12)), 0.492),  # Cohen 1968: diagnoses of 200 patients
        (table((75, 1, 4), (5, 4, 1), (0, 0, 10)), 0.676),  # Fleiss 1981, table 13.1
    ],
)
def test_kappa_is_the_published_one(data: list[Unit], published: float) -> None:
    assert kappa(data) == pytest.approx(published, abs=5e-4)


ANSWERS = st.sampled_from("abcd")


@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=2, max_size=60))
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[str, str]]) -> None:
    counts = [[sum(pair == (one, other) for pair in pairs) for other in "abcd"] for one in "abcd"]
    found = kappa([(pair, 1.0) for pair in pairs])
    if found is None:
        assert len({answer for pair in pairs for answer in pair}) == 1
    else:
        assert found == pytest.approx(float(cohens_kappa(counts, return_results=False)), abs=1e-9)


@given(st.lists(st.lists(ANSWERS, min_size=0, max_size=4), min_size=2, max_size=30))
def test_alpha_is_that_of_the_krippendorff_library(read: list[list[str]]) -> None:
    counts = [[answers.count(answer) for answer in "abcd"] for answers in read]
    found = alpha([(tuple(answers), 1.0) for answers in read])
    pairable = {answer for answers in read if len(answers) > 1 for answer in answers}
    if len(pairable) < 2:
        assert found is None
    else:
        theirs = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        assert found == pytest.approx(float(theirs), abs=1e-9)


@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=5, max_size=30), st.integers(2, 4))
def test_a_call_of_weight_w_counts_as_w_calls_do(pairs: list[tuple[str, str]], weight: int) -> None:
    heavy = [(pair, float(weight if place == 0 else 1)) for place, pair in enumerate(pairs)]
    repeated = [(pair, 1.0) for place, pair in enumerate(pairs) for _ in range(weight if place == 0 else 1)]
    assert kappa(heavy) == pytest.approx(kappa(repeated), abs=1e-9)


def test_the_interval_of_kappa_is_nearly_the_asymptotic_one_of_fleiss_cohen_and_everitt() -> None:
    counts = ((88, 14, 18), (10, 40, 10), (2, 6, 12))
    sample = Sample(labels([(one, one, other) for (one, other), _ in table(*counts)]))
    found, theirs = agreement(sample), cohens_kappa(counts)
    assert found is not None
    assert found.kappa.value == pytest.approx(0.492, abs=5e-4)
    assert found.kappa.interval == pytest.approx((theirs.kappa_low, theirs.kappa_upp), abs=0.002)


def test_raw_agreement_stands_beside_kappa_which_falls_where_a_category_is_rare() -> None:
    pairs = [("a", "price", "price")] * 180 + [("a", "price", "fee")] * 10 + [("a", "fee", "price")] * 10
    found = agreement(Sample(labels(pairs)))
    assert found is not None
    assert found.raw.share == pytest.approx(0.9)
    assert found.kappa.value == pytest.approx(-0.0526, abs=1e-4)  # (0.9 − 0.905) / 0.095


def test_agreement_on_one_category_asks_only_whether_it_is_that() -> None:
    pairs = [("a", "price", "price")] * 50 + [("a", "fee", "booked")] * 30 + [("a", "booked", "booked")] * 20
    sample = Sample(labels(pairs))
    on_price, on_fee = agreement(sample, "price"), agreement(sample, "fee")
    assert on_price is not None
    assert on_fee is not None
    assert (on_price.raw.share, on_price.kappa.value) == (1.0, 1.0)
    assert on_fee.raw.share == pytest.approx(0.7)


def test_only_second_readings_that_were_drawn_count() -> None:
    asked_for = label("hard", "price", "price", "fee", second=False)
    assert agreement(Sample([asked_for, label("single", "price", "price")])) is None


def test_everyone_always_saying_the_same_word_tells_nothing_beyond_chance() -> None:
    found = agreement(Sample(labels([("a", "price", "price")] * 40)))
    assert found is not None
    assert (found.raw.share, found.kappa.value, found.alpha.interval) == (1.0, None, None)
