"""Moments as people type them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsift.moments import moment

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("3d ago", NOW - timedelta(days=3)),
        (" 90 m ago ", NOW - timedelta(minutes=90)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("1w", NOW - timedelta(days=7)),
        ("0s", NOW),
        ("2026-11-22T09:00+03:00", NOW - timedelta(hours=6)),
        ("2026-11-22T06:00:00Z", NOW - timedelta(hours=6)),
    ],
)
def test_a_moment_is_a_time_with_its_offset_or_how_long_ago(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-22T09:00", "without an offset"),
        ("2026-11-22", "without an offset"),
        ("yesterday", "expected a time"),
        ("2y", "expected a time"),
        ("-2h", "expected a time"),
        ("", "expected a time"),
        ("9999999999999w", "longer ago"),
        ("0001-01-01T00:00+03:00", "calendar"),
    ],
)
def test_text_that_names_no_moment_is_refused_with_the_rule(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        moment(text, NOW)


@given(st.datetimes(timezones=st.timezones()))
def test_every_written_time_is_read_as_the_same_moment(instant: datetime) -> None:
    written = instant.isoformat()
    try:
        expected = datetime.fromisoformat(written).astimezone(UTC)
    except OverflowError:
        return
    assert moment(written, NOW) == expected


@given(st.text())
def test_any_text_is_a_moment_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert moment(text, NOW).tzinfo is UTC
