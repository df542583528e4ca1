"""Going on with a download: what is asked for, and which answers are the rest of the same content."""

import pytest

from streams.resumption import OtherContent, asking_for_the_rest, first_byte, strong_tag

TAG = '"first"'
REST = {"ETag": TAG, "Content-Range": "bytes 10-99/100"}


def test_the_rest_is_asked_for_only_where_a_tag_tells_it_from_other_content() -> None:
    assert asking_for_the_rest(10, TAG) == {"Accept-Encoding": "identity", "Range": "bytes=10-", "If-Range": TAG}
    whole = {"Accept-Encoding": "identity"}
    assert asking_for_the_rest(0, TAG) == asking_for_the_rest(10, None) == whole


@pytest.mark.parametrize(
    ("headers", "tag"),
    [
        ({"ETag": TAG}, TAG),
        ({"ETag": f"W/{TAG}"}, None),
        ({}, None),
        ({"ETag": TAG, "Content-Encoding": "gzip"}, None),
    ],
)
def test_a_tag_counts_if_it_promises_the_same_bytes(headers: dict[str, str], tag: str | None) -> None:
    assert strong_tag(headers) == tag


@pytest.mark.parametrize(
    ("status", "have_bytes", "headers", "begins"),
    [
        (200, 0, {}, 0),
        (200, 10, {"ETag": '"second"'}, 0),
        (206, 10, REST, 10),
        (206, 10, REST | {"Content-Range": "bytes 10-99/*"}, 10),
        (206, 0, REST, None),
        (204, 0, {}, None),
        (404, 10, {}, None),
        (416, 0, {"Content-Range": "bytes */100"}, None),
    ],
)
def test_an_answer_begins_at_the_start_or_where_the_download_broke_off(
    status: int, have_bytes: int, headers: dict[str, str], begins: int | None
) -> None:
    assert first_byte(status, headers, have_bytes, TAG) == begins


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (206, {"ETag": '"second"'}),
        (206, {"Content-Range": "bytes 0-99/100"}),
        (206, {"Content-Range": "bytes 11-99/100"}),
        (206, {"Content-Range": "lines 10-99/100"}),
        (416, {"Content-Range": "bytes */9"}),
    ],
)
def test_the_rest_of_other_content_is_refused(status: int, change: dict[str, str]) -> None:
    with pytest.raises(OtherContent):
        first_byte(status, REST | change, 10, TAG)
    with pytest.raises(OtherContent):
        first_byte(206, {"Content-Range": "bytes 10-99/100"}, 10, TAG)
