"""Local times in names, and the night when the clock is put back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sources.folder.local_time import began, ended, moments

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
SECOND = FIRST + timedelta(hours=1)
"""02:30 comes twice in that night."""


def test_a_local_time_is_one_moment() -> None:
    assert moments("20260701120000", BERLIN) == [datetime(2026, 7, 1, 10, tzinfo=UTC)]


def test_a_time_that_comes_twice_is_two_moments() -> None:
    assert moments("202610250230", BERLIN) == [FIRST, SECOND]


@pytest.mark.parametrize("start", [FIRST, SECOND])
@pytest.mark.parametrize("seconds", [30.0, None])
def test_the_file_tells_which_of_the_two_it_was(start: datetime, seconds: float | None) -> None:
    modified_at = start + timedelta(seconds=30)
    assert began([FIRST, SECOND], seconds, modified_at) == start


def test_a_long_call_from_before_the_change_is_told_by_its_length() -> None:
    """It was written last after the second 02:30, which by itself would be nearer."""
    assert began([FIRST, SECOND], 5400.0, FIRST + timedelta(seconds=5400)) == FIRST


def test_a_time_that_never_was_is_a_moment_all_the_same() -> None:
    assert moments("20260329023000", BERLIN)


def test_the_length_says_when_a_copied_recording_ended() -> None:
    assert ended(FIRST, 60.0, FIRST + timedelta(days=3)) == FIRST + timedelta(seconds=60)


@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(days=3)], ids=["behind", "copied"])
def test_without_a_length_no_call_ends_before_it_began_or_lasts_for_days(off: timedelta) -> None:
    assert ended(FIRST, None, FIRST + off) == FIRST
