"""What is wrong in an event is its own fault, at once, with the field and the cure; what is only odd is taken."""

import pytest

from callsift.event_mistakes import ODD, WRONG, Odd, Wrong
from callsift.event_reference import failure
from schemas import CallEnded
from streams.decoding import decode
from streams.errors import PermanentError

CASES = [case for cases in WRONG.values() for case in cases]
LONGEST = 1000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sent)
def test_a_mistake_in_an_event_is_permanent_and_named_with_its_field_and_cure(case: Wrong) -> None:
    found = failure(case.value)
    assert isinstance(found, PermanentError), "an hour on the ladder mends no event"
    assert case.field in found.message
    assert found.cure
    assert len(str(found)) < LONGEST, "what was sent is not in it"


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.sent)
def test_what_is_only_odd_is_taken_and_kept_as_the_page_says(odd: Odd) -> None:
    kept = decode(CallEnded, odd.value).model_dump(mode="json")
    for name in odd.path.split("."):
        kept = kept[name]
    assert kept == odd.kept


def test_no_two_rows_say_the_same() -> None:
    names = [case.sent for case in CASES]
    assert len(set(names)) == len(names)
