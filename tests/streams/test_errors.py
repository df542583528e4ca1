"""What pydantic finds, as a sentence that quotes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from schemas import CallTranscribed, Turn
from streams.errors import broken_rules

SECRET = "gizli söz"


class Counted(BaseModel):
    count: int
    turns: tuple[Turn, ...] = ()


def error(make: Callable[[], Any]) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        make()
    return caught.value


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"count": SECRET}, "count: Input should be a valid integer"),
        ({"count": 1, "turns": [{"speaker": SECRET}]}, "turns.0.speaker: Input should be 'customer'"),
        (SECRET, "all of it: Input should be a valid dictionary"),
    ],
)
def test_a_broken_rule_is_named_by_field_and_the_value_is_left_out(value: Any, named: str) -> None:
    found = broken_rules(error(lambda: Counted.model_validate(value)))
    assert found.startswith(named)
    assert SECRET not in found


def test_text_that_is_no_json_is_not_quoted() -> None:
    found = broken_rules(error(lambda: Counted.model_validate_json(f'{{"count": {SECRET}')))
    assert found.startswith("all of it: Invalid JSON")
    assert SECRET not in found


def test_no_more_problems_are_named_than_asked_for_and_as_their_reader_calls_them() -> None:
    problems = error(lambda: CallTranscribed.model_validate({}))
    assert broken_rules(problems, most=1).count("Field required") == 1
    assert broken_rules(problems, most=None).count("Field required") == problems.error_count() > 5
    assert broken_rules(problems, most=1, name=str.upper) == "CALL_ID: Field required"
