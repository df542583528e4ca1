"""Which bytes a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.recordings.ranges import NoSuchBytes, Span, asked_span

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-", Span(0, 1000)),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=500-999", Span(500, 1000)),
        ("bytes=500-5000", Span(500, 1000)),
        ("bytes=-1", Span(999, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("Bytes= 1-2", Span(1, 3)),
        (None, None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("bytes=9-8", None),
        ("bytes=a-b", None),
        ("bytes=１-２", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("lines=1-2", None),
    ],
)
def test_a_range_is_understood_as_the_rfc_says(asked: str | None, span: Span | None) -> None:
    assert asked_span(asked, None, ETAG, 1000) == span


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=1000-1001", "bytes=-0"])
def test_bytes_that_are_not_there_cannot_be_had(asked: str) -> None:
    with pytest.raises(NoSuchBytes):
        asked_span(asked, None, ETAG, 1000)


@pytest.mark.parametrize("condition", ['"other"', 'W/"abc"', "Sat, 28 Nov 2026 06:00:00 GMT"])
def test_a_range_of_other_bytes_is_answered_with_all(condition: str) -> None:
    assert asked_span("bytes=5000-", condition, ETAG, 1000) is None
    assert asked_span("bytes=1-2", ETAG, ETAG, 1000) == Span(1, 3)


@given(some.text() | some.from_regex(r"bytes=\d{0,20}-\d{0,20}", fullmatch=True), some.integers(0, 10**9))
def test_whatever_is_asked_the_answer_lies_within_the_bytes(asked: str, size_bytes: int) -> None:
    try:
        span = asked_span(asked, None, ETAG, size_bytes)
    except NoSuchBytes:
        return
    assert span is None or 0 <= span.start < span.end <= size_bytes
