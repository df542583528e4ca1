"""Going on with a download that broke off: never are two contents patched together (RFC 9110, 13.1.5 and 15.3.7)."""

import re
from collections.abc import Mapping
from http import HTTPStatus

_RANGE = re.compile(r"bytes (\d{1,18})-\d+/(?:\d+|\*)")


class OtherContent(Exception):
    """The rest that came does not belong to what is there."""


def strong_tag(headers: Mapping[str, str]) -> str | None:
    """Return the entity tag by which the rest of this answer's content can be asked for later; None: it has none.

    A tag that begins with W/ does not promise the same bytes, and where the server compresses, ranges count the
    compressed ones.
    """
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') and "Content-Encoding" not in headers else None


def asking_for_the_rest(have_bytes: int, tag: str | None) -> dict[str, str]:
    """Return the headers that ask for what follows ``have_bytes`` of the content with a tag, or else for all of it."""
    headers = {"Accept-Encoding": "identity"}  # recordings and archives hardly shrink, and their length can be checked
    if have_bytes and tag:
        headers |= {"Range": f"bytes={have_bytes}-", "If-Range": tag}
    return headers


def first_byte(status: int, headers: Mapping[str, str], have_bytes: int, tag: str | None) -> int | None:
    """Return where in the content an answer's body begins: at 0 or after ``have_bytes``; None: it holds no content.

    Raises:
        OtherContent: It holds a part that was not asked for, or of content with another tag.
    """
    if status == HTTPStatus.OK:
        return 0
    if not have_bytes or status not in {HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}:
        return None
    begins = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if begins is None or int(begins[1]) != have_bytes or headers.get("ETag") != tag:
        raise OtherContent
    return have_bytes
