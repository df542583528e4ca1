"""Moments as PBXs write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sources.moments import AmbiguousMoment, NoZone, later, moment

BERLIN, ISTANBUL = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Istanbul")
TEN = datetime(2026, 11, 28, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-28T10:00:00+03:00",
        "2026-11-28T07:00:00Z",
        "2026-11-28 10:00:00",
        "2026-11-28T10:00:00",
        "2026/11/28 10:00:00",
        "20261128100000",
        "20261128-100000",
        "Sat, 28 Nov 2026 07:00:00 +0000",
        "1795849200",
        "1795849200.000",
        "1795849200000",
        "1795849200000000",
        1795849200,
        1795849200.0,
    ],
)
def test_a_moment_is_read_in_every_form_that_pbxs_write(written: str | float) -> None:
    assert moment(written, ISTANBUL) == TEN


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2026-13-01 00:00:00",
        "10:00",
        "99999999999999999999",
        "nan",
        1e300,
        "0001-01-01T00:00:00+03:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-05:00",
        "Tue, 28 Nov 99999999999999 10:00:00 +0000",
    ],
)
def test_what_is_no_moment_is_refused(written: str | float) -> None:
    with pytest.raises(ValueError, match=r"expected a moment|no calendar"):
        moment(written, ISTANBUL)


def test_a_local_time_needs_its_zone() -> None:
    with pytest.raises(NoZone):
        moment("2026-11-28 10:00:00", None)
    assert moment("2026-11-28T10:00:00+03:00", None) == TEN


def test_in_the_night_when_clocks_are_put_back_the_first_of_both_is_meant() -> None:
    assert moment("2026-10-25 02:30:00", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_clocks_were_put_past_is_refused() -> None:
    with pytest.raises(AmbiguousMoment):
        moment("2026-03-29 02:30:00", BERLIN)


def test_no_moment_lies_behind_the_last_one() -> None:
    with pytest.raises(ValueError, match="no calendar"):
        later(TEN, 1e15)
