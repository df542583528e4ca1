"""Parameters that say which calls are meant, and what of them the store is asked for."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.access import Principal, Right, Scope
from api.calls.filters import CallFilters
from api.problems import Problem

WHOEVER = Principal("whoever", frozenset({Right.VIEW}))
AT = datetime(2026, 10, 5, 14, 3, 27, tzinfo=timezone(timedelta(hours=3)))


def asked(**parameters: Any) -> dict[str, Any]:
    return CallFilters.model_validate(parameters).query(WHOEVER).document()


def refused(**parameters: Any) -> list[str]:
    with pytest.raises(Problem) as caught:
        asked(**parameters)
    return [str(error.parameter) for error in caught.value.errors]


@pytest.mark.parametrize("written", ["2026-10-05T14:03:27+03:00", "2026-10-05T14:03:27 03:00", "2026-10-05T11:03:27Z"])
def test_a_moment_is_understood_also_where_its_plus_was_taken_for_a_space(written: str) -> None:
    assert CallFilters.model_validate({"ended_at.gte": written}).ended_since == AT


@pytest.mark.parametrize("written", ["2026-10-05", "2026-10-05T14:03:27", "yesterday", ""])
def test_a_moment_without_an_offset_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match=r"ended_at\.gte"):
        CallFilters.model_validate({"ended_at.gte": written})


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("autumn", ["autumn"]),
        ("2", ["2", 2]),
        ("2.5", ["2.5", 2.5]),
        ("true", ["true", True]),
        ("null", ["null"]),
        ("[1]", ["[1]"]),
        ("NaN", ["NaN"]),
        ("Infinity", ["Infinity"]),
        ("9" * 30, ["9" * 30]),
        ("1_000", ["1_000"]),
    ],
)
def test_a_value_of_the_metadata_is_text_or_the_number_that_it_reads_as(written: str, values: list[Any]) -> None:
    assert asked(**{"metadata.attempt": written})["outcome.metadata.attempt"] == {"$in": values}


@pytest.mark.parametrize(
    "name",
    [
        "foo",
        "ended_at",
        "ended_since",
        "outcome.caller",
        "metadata",
        "metadata.",
        "metadata..a",
        "metadata.a.",
        "$where",
    ],
)
def test_a_parameter_that_means_nothing_is_refused_by_name(name: str) -> None:
    assert refused(**{name: "1"}) == [name]


@pytest.mark.parametrize("name", ["metadata.$where", "metadata.a.$ne", "metadata.a\0"])
def test_no_operator_of_the_store_comes_from_outside(name: str) -> None:
    assert refused(**{name: "1"}) == [name]


def test_words_that_are_none_or_too_many_are_refused_and_so_is_a_speaker_without_words() -> None:
    assert refused(words="!?") == ["words"]
    assert refused(words="a b c d e f g h i") == ["words"]
    assert refused(speaker="customer") == ["speaker"]


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=40))
def test_any_text_is_a_question_or_a_problem(text: str, key: str) -> None:
    for parameters in ({"words": text}, {"brand": text}, {f"metadata.{key}": text}, {"queue": [text]}, {key: text}):
        try:
            query = CallFilters.model_validate(parameters).query(WHOEVER).document()
        except (Problem, ValidationError):
            continue
        assert "search.order" in query


@given(st.frozensets(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd"), max_size=4))
def test_a_scope_is_never_widened_by_a_filter(scope: frozenset[str], queues: list[str]) -> None:
    who = Principal("whoever", frozenset({Right.VIEW}), Scope(queues=scope))
    query = CallFilters.model_validate({"queue": queues}).query(who).document()
    assert set(query["outcome.queue"]["$in"]) == (scope & set(queues) if queues else scope)


def test_metadata_of_the_scope_and_of_the_filter_both_hold() -> None:
    who = Principal("whoever", frozenset({Right.VIEW}), Scope(metadata={"brand": frozenset({"a", "b"})}))
    query = CallFilters.model_validate({"metadata.brand": "b"}).query(who).document()
    assert query["outcome.metadata.brand"] == {"$in": ["b"]}
    assert CallFilters.model_validate({"metadata.brand": "c"}).query(who).document()["outcome.metadata.brand"] == {
        "$in": []
    }
