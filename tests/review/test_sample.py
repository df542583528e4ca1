"""Weighted means: unbiased over every sample that could have been drawn, and exact where others have formulas."""

import math
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.accuracy import accuracy, by, by_category, error_budget, naive
from review.adjudication import cause, gold, standing
from review.estimates import Mean, estimate
from review.proportions import wilson
from review.reviewed import Cause, Drawn, Reading, ReviewedCall
from review.sample import Sample
from tests.review.labels import label, labels


def right(call: ReviewedCall, said: str) -> float:
    return float(call.machine == said)


POPULATION = {"sure": [("a", "a")] * 4 + [("a", "b")], "unsure": [("a", "a")] * 2 + [("a", "b")] * 3}
COUNTS = {"sure": 2, "unsure": 3}
SIZES = {("", "sure"): 5, ("", "unsure"): 5}


def every_sample() -> list[Sample]:
    """All 100 samples of 2 and 3 calls of the two strata."""
    drawn = [
        combinations(labels(calls, by="stratum", stratum=name, p=COUNTS[name] / 5), COUNTS[name])
        for name, calls in POPULATION.items()
    ]
    return [Sample([*one, *other], SIZES) for one, other in product(*drawn)]


def test_the_estimate_is_right_on_average_over_every_sample_that_could_be_drawn() -> None:
    means = [known(sample.against_person(right)) for sample in every_sample()]
    assert len(means) == 100
    assert sum(mean.value for mean in means) / 100 == pytest.approx(6 / 10)


def test_the_variance_is_right_on_average_over_every_sample_that_could_be_drawn() -> None:
    means = [known(sample.against_person(right)) for sample in every_sample()]
    true = sum((mean.value - 0.6) ** 2 for mean in means) / 100
    assert sum(mean.variance for mean in means) / 100 == pytest.approx(true)


def test_weights_from_sizes_and_from_chances_are_the_same_where_the_whole_draw_was_read() -> None:
    calls = labels([("a", "a"), ("a", "b")], stratum="x", p=0.02) + labels([("a", "a")] * 3, stratum="y", p=0.3)
    by_chance, by_size = Sample(calls), Sample(calls, {("", "x"): 100, ("", "y"): 10})
    assert known(by_chance.against_person(right)).value == pytest.approx(known(by_size.against_person(right)).value)
    assert known(by_chance.against_person(right)).value == pytest.approx((50 + 10) / 110)


def test_a_draw_that_is_read_in_part_stands_for_its_whole_strata() -> None:
    half_read = labels([("a", "a")] * 10, stratum="x", p=0.2) + labels([("a", "b")] * 20, stratum="y", p=0.2)
    sample = Sample(half_read, {("", "x"): 100, ("", "y"): 100})
    assert known(sample.against_person(right)).value == pytest.approx(0.5)  # and not 10 of 30


@given(st.integers(2, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_simple_random_sample_has_wilsons_interval(counted: tuple[int, int]) -> None:
    hits, n = counted
    found = accuracy(Sample(labels([("a", "a")] * hits + [("a", "b")] * (n - hits)))).person
    assert found is not None
    assert found.share == pytest.approx(hits / n)
    effective = n - 1 if 0 < hits < n else n  # the sample's variance has n − 1
    assert found.interval == pytest.approx(wilson(hits * effective / n, effective), abs=1e-9)


def test_the_stratified_variance_is_cochrans() -> None:
    calls = labels([("a", "a")] * 18 + [("a", "b")] * 2, stratum="x", p=0.02)
    calls += labels([("a", "a")] * 6 + [("a", "b")] * 4, stratum="y", p=0.1)
    found = known(Sample(calls, {("", "x"): 1000, ("", "y"): 100}).against_person(right))
    weights = (1000 / 1100, 100 / 1100)
    assert found.value == pytest.approx(weights[0] * 0.9 + weights[1] * 0.6)
    within = (weights[0] ** 2 * 0.98 * 0.9 * 0.1 / 19, weights[1] ** 2 * 0.9 * 0.6 * 0.4 / 9)
    assert found.variance == pytest.approx(sum(within))


def test_a_frame_that_was_read_whole_has_no_uncertainty() -> None:
    found = accuracy(Sample(labels([("a", "a")] * 8 + [("a", "b")] * 2, p=1.0), {("", ""): 10})).person
    assert found is not None
    assert found.interval == (0.8, 0.8)


def test_what_was_chosen_and_what_was_not_read_blind_does_not_count() -> None:
    drawn = labels([("a", "a")] * 10)
    chosen = [
        label(f"chosen{n}", "a", "b", by=by, p=None) for n, by in enumerate(("uncertain", "correction", "complaint"))
    ]
    seen = ReviewedCall("seen", Drawn("random", 0.1), "a", (Reading("r0", "b", blind=False),))
    unread = ReviewedCall("unread", Drawn("random", 0.1), "a", ())
    assert known(Sample([*drawn, *chosen, seen, unread]).against_person(right)) == known(
        Sample(drawn).against_person(right)
    )
    everything = naive([*drawn, *chosen, seen, unread])
    assert everything is not None
    assert everything.share == pytest.approx(10 / 14)


def test_a_random_call_without_a_chance_does_not_count() -> None:
    assert accuracy(Sample([label("c", "a", "a", p=None)])).person is None


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.5])
def test_a_chance_that_is_none_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="expected a chance"):
        Sample([label("c", "a", "a", p=chance)])


def test_a_call_in_two_draws_is_refused() -> None:
    with pytest.raises(ValueError, match="two draws"):
        Sample([label("c", "a", "a", frame="one"), label("c", "a", "a", frame="two")])


def test_more_labels_than_calls_are_refused() -> None:
    with pytest.raises(ValueError, match="Add late calls"):
        Sample(labels([("a", "a")] * 3), {("", ""): 2})


def test_a_stratum_that_nobody_has_read_of_is_named() -> None:
    assert Sample(labels([("a", "a")]), {("", ""): 10, ("", "rare"): 4}).unread_groups == [("", "rare")]


def test_precision_and_recall_have_the_weights_of_their_strata() -> None:
    calls = labels([("fee", "fee")] * 3 + [("fee", "price")], stratum="fee", p=0.5)
    calls += labels([("price", "price")] * 9 + [("price", "fee")], stratum="price", p=0.1)
    fee = by_category(Sample(calls))["fee"]
    assert fee.precision.person is not None
    assert fee.recall.person is not None
    assert fee.precision.person.share == pytest.approx(3 / 4)
    assert fee.recall.person.share == pytest.approx(3 * 2 / (3 * 2 + 1 * 10))  # 3 of 4 labels, but 6 of 16 calls
    assert (fee.precision.person.n, fee.recall.person.n) == (4, 4)


def test_a_figure_belongs_to_a_period() -> None:
    calls = [
        ReviewedCall(
            f"{period}{n}", Drawn("random", 0.1), "a", (Reading("r", "a" if n < hits else "b"),), period=period
        )
        for period, hits in (("2026-W47", 6), ("2026-W48", 9))
        for n in range(10)
    ]
    shares = {
        period: found.person and found.person.share for period, found in by(Sample(calls), lambda c: c.period).items()
    }
    assert shares == pytest.approx({"2026-W47": 0.6, "2026-W48": 0.9})


GOLDEN = [
    *[("a", "a", "a")] * 12,  # both agree with the machine
    *[("a", "b", "b")] * 3,  # both against it
    *[("a", "b", "a", "a")] * 4,  # the first was wrong
    ("a", "a", "b", "b"),  # the first was wrong, and with the machine
]


def test_gold_is_what_two_agree_on_or_the_third_decides_even_for_neither() -> None:
    assert gold(label("c", "x", "a", "a")) == "a"
    assert gold(label("c", "x", "a", "b", "b")) == "b"
    assert gold(label("c", "x", "a", "b", "c")) == "c"
    assert gold(label("c", "x", "a", "b")) is None
    assert gold(label("c", "x", "a")) is None


def test_a_person_who_reads_twice_is_no_second_reader() -> None:
    twice = ReviewedCall("c", Drawn("random", 0.1, second=True), "a", (Reading("r", "a"), Reading("r", "a")))
    assert gold(twice) is None


def test_a_change_of_mind_after_the_reveal_counts_for_the_call_and_not_for_the_measurement() -> None:
    persuaded = ReviewedCall("c", Drawn("random", 0.1), "a", (Reading("r", "b", final="a"),))
    assert standing(persuaded) == "a"
    assert known(Sample([persuaded]).against_person(right)).value == 0.0


def test_the_two_phase_estimate_is_that_of_gold_where_every_call_is_doubled() -> None:
    found = known(Sample(labels(GOLDEN)).against_gold(right))
    assert found.value == pytest.approx(16 / 20)
    assert found.variance == pytest.approx(16 / 20 * 4 / 20 / 19, rel=0.15)


def test_doubled_calls_correct_what_single_readers_say_of_all_others() -> None:
    singles = [label(f"s{n}", "a", "a" if n < 120 else "b") for n in range(180)]
    found = known(Sample([*singles, *labels(GOLDEN)]).against_gold(right))
    first = (120 + 13) / 200
    assert found.value == pytest.approx(first + (4 - 1) / 20)


def test_the_two_phase_estimate_is_right_on_average_over_every_choice_of_doubled_calls() -> None:
    population = [label(f"c{n}", *answers) for n, answers in enumerate(GOLDEN[:1] * 3 + GOLDEN[12:14] + GOLDEN[15:])]
    sizes = {("", ""): len(population)}

    def read(doubled: tuple[int, ...]) -> list[ReviewedCall]:
        return [
            call if n in doubled else ReviewedCall(call.call_id, call.drawn, call.machine, call.readings[:1])
            for n, call in enumerate(population)
        ]

    found = [known(Sample(read(both), sizes).against_gold(right)) for both in combinations(range(len(population)), 4)]
    true = sum(call.machine == gold(call) for call in population) / len(population)
    assert sum(mean.value for mean in found) / len(found) == pytest.approx(true)
    spread = sum((mean.value - true) ** 2 for mean in found) / len(found)
    unseen = (1 - 4 / 10) * 2 * 0.1 / 4**2  # the calls that are added, since few differ
    assert sum(mean.variance for mean in found) / len(found) == pytest.approx(spread + unseen)


def test_there_is_no_figure_by_gold_while_calls_wait_for_a_third_reader() -> None:
    sample = Sample([*labels(GOLDEN), label("disputed", "a", "a", "b")])
    assert sample.waiting == 1
    assert sample.against_gold(right) is None
    assert accuracy(sample).person is not None


def test_the_error_budget_says_what_to_mend_first() -> None:
    def wrong(n: int, why: Cause | None) -> ReviewedCall:
        return ReviewedCall(f"{why}{n}", Drawn("random", 0.1), "a", (Reading("r", "b", cause=why),))

    calls = [*labels([("a", "a")] * 90), *(wrong(n, Cause.MISHEARD) for n in range(7)), wrong(0, Cause.MISREAD)]
    budget = error_budget(Sample([*calls, wrong(0, None), wrong(1, None)]))
    assert {name: found.share for name, found in budget.items() if found.share} == pytest.approx(
        {Cause.MISHEARD: 0.07, Cause.MISREAD: 0.01, None: 0.02}
    )
    assert cause(calls[0]) is None


def test_a_share_without_spread_has_the_interval_of_its_labels() -> None:
    found = estimate(Mean(1.0, 0.0, 40, 30.0))
    assert found is not None
    assert found.interval == wilson(30, 30)
    assert estimate(None) is None
    assert not math.isinf(found.effective_n)


def known(mean: Mean | None) -> Mean:
    assert mean is not None
    return mean
