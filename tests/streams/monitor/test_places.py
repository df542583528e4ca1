"""Where calls are, as messages say: the furthest on, until nothing of a call is left."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.monitor.places import CallScope, Place, Places

ENDED, AUDIO, LATER = ("calls.ended", 0), ("calls.audio", 0), ("calls.retry.30s", 0)
WAY = (
    Place(ENDED, 5, "audio", None),
    Place(LATER, 3, "audio", None, tries=3, retries=1, next_try_at=datetime(2026, 11, 28, tzinfo=UTC)),
    Place(ENDED, 9, "audio", None, tries=3, retries=1),
    Place(AUDIO, 2, "transcribe", None),
)
"""A call's messages, as one follows from the other."""


@given(st.permutations(WAY), st.integers(1, len(WAY)))
def test_the_message_that_is_the_furthest_on_says_where_a_call_is_in_whatever_order_they_are_read(
    order: list[Place], count: int
) -> None:
    places = Places(10)
    for place in (one for one in order if one in WAY[:count]):
        places.add("call", place, None)
    found = places.find("call")
    assert found is not None
    assert found.place == WAY[count - 1]


def test_what_is_acknowledged_is_left_out_and_so_is_a_call_of_which_all_is() -> None:
    places = Places(10)
    for place in WAY[:3]:
        places.add("call", place, None)
    places.settle({ENDED: 9, LATER: 4})
    found = places.find("call")
    assert found is not None
    assert found.places == (WAY[2],)
    places.settle({ENDED: 10})
    assert places.find("call") is None
    assert len(places) == 0


def test_of_too_many_calls_the_one_that_is_known_the_longest_is_forgotten() -> None:
    places = Places(2)
    for call_id in ("a", "b", "c"):
        places.add(call_id, WAY[0], None)
    assert [places.find(call_id) is None for call_id in ("a", "b", "c")] == [True, False, False]


@pytest.mark.parametrize(("later", "expected"), [(None, "sales"), (CallScope(queue="support"), "support")])
def test_whose_a_call_is_says_the_newest_event_that_says_so(later: CallScope | None, expected: str) -> None:
    places = Places(2)
    places.add("call", WAY[0], CallScope(queue="sales"))
    places.add("call", WAY[1], later)
    found = places.find("call")
    assert found is not None
    assert found.scope.queue == expected
