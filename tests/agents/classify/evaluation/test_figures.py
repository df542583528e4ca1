"""The figures: what counts as answering, what as right, and their intervals."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from agents.classify.evaluation.figures import figures
from agents.classify.evaluation.judged import Judged, interval, known
from tests.agents.classify.evaluation.calls import TAXONOMY, call

CALLS = [
    call("complaint", "complaint"),
    call("complaint", "others"),  # the right category, another leaf
    call("complaint", "potential_customer"),
    call("potential_customer", "potential_customer"),
    call("potential_customer", "potential_customer", 0.2),  # below the floor: not answered
    call("potential_customer", None, 0.0),  # failed: not answered
    call("uncertain", "uncertain"),
    call("uncertain", "complaint"),  # an answer where there is none
]


def test_accuracy_is_over_all_calls_and_knows_two_levels() -> None:
    assert figures(CALLS, TAXONOMY)["accuracy"] == {"category": 4 / 8, "leaf": 3 / 8}


def test_coverage_is_over_the_calls_that_have_an_answer() -> None:
    assert figures(CALLS, TAXONOMY)["coverage"] == 4 / 6


def test_answering_a_call_that_is_uncertain_is_an_error_of_the_answered() -> None:
    assert figures(CALLS, TAXONOMY)["selective_accuracy"] == {"category": 3 / 5, "leaf": 2 / 5}


def test_every_figure_has_its_wilson_interval_beside_it() -> None:
    found = figures(CALLS, TAXONOMY)
    low, high = known(found["intervals"]["accuracy"]["leaf"])
    assert (low, high) == pytest.approx((0.1368, 0.6943), abs=1e-4)  # 3 of 8, by Wilson's formula
    assert found["intervals"]["coverage"] is not None
    assert set(found["intervals"]["per_class"]) == set(found["per_class"])


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_an_interval_holds_its_share_and_stays_within_0_and_1(hits: list[bool]) -> None:
    bounds = interval(hits)
    assert bounds is not None
    assert -1e-12 <= bounds[0] <= sum(hits) / len(hits) <= bounds[1] + 1e-12 <= 1 + 2e-12


def test_the_confusion_counts_by_expected_and_decided() -> None:
    confusion = figures(CALLS, TAXONOMY)["confusion"]
    row = dict(zip(confusion["labels"], confusion["matrix"][confusion["labels"].index("complaint")], strict=True))
    assert {label: count for label, count in row.items() if count} == {
        "complaint": 1,
        "others": 1,
        "potential_customer": 1,
    }
    assert sum(map(sum, confusion["matrix"])) == len(CALLS)


@given(st.lists(st.tuples(st.sampled_from(sorted(TAXONOMY.leaves)), st.sampled_from(sorted(TAXONOMY.leaves)))))
def test_each_leaf_is_measured_as_scikit_learn_measures_it(pairs: list[tuple[str, str]]) -> None:
    calls: list[Judged] = [call(*pair) for pair in pairs]
    found = figures(calls, TAXONOMY)["per_class"]
    if not calls:
        return
    labels = list(TAXONOMY.leaves)
    expected, decided = [own for own, _ in pairs], [own for _, own in pairs]
    columns = precision_recall_fscore_support(expected, decided, labels=labels, zero_division=0.0)
    for label, *theirs in zip(labels, *columns, strict=True):
        ours = [found[label][name] or 0.0 for name in ("precision", "recall", "f1", "support")]
        assert ours == pytest.approx(theirs)


def test_a_category_with_sub_categories_is_measured_too() -> None:
    assert figures(CALLS, TAXONOMY)["per_class"]["unnecessary_call"] == {
        "precision": 2 / 3,
        "recall": 2 / 3,
        "f1": 2 / 3,
        "support": 3,
    }


def test_nothing_to_measure_gives_nulls_and_is_json() -> None:
    found = figures([], TAXONOMY)
    assert found["n"] == 0
    assert found["accuracy"] == {"category": None, "leaf": None}
    assert found["calibration"]["ece"] is None
    json.dumps(found, allow_nan=False)
