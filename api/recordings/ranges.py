"""Which bytes a request asks for: RFC 9110, section 14. Pure."""

import re
from typing import NamedTuple

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_DIGITS = 18  # Python refuses to read thousands of them


class Span(NamedTuple):
    """Some bytes of a whole."""

    start: int
    """The first byte, counted from 0."""
    end: int
    """The byte after the last one."""

    @property
    def size_bytes(self) -> int:
        """How many they are."""
        return self.end - self.start


class NoSuchBytes(Exception):
    """The range begins behind the end, or is empty."""


def asked_span(asked: str | None, condition: str | None, etag: str, size_bytes: int) -> Span | None:
    """Return the range that a request asks for; None: all of it.

    Args:
        asked: The header ``Range``. Several ranges, another unit and what cannot be read are answered with all of it,
            as the RFC allows.
        condition: The header ``If-Range``: the range is meant only if the bytes are still these.
        etag: The strong entity tag of the bytes.
        size_bytes: How many there are.

    Raises:
        NoSuchBytes: None of the bytes is there.
    """
    if asked is None or (condition is not None and condition.strip() != etag):
        return None
    match = _ONE_RANGE.fullmatch(asked.strip())
    if match is None or max(map(len, match.groups())) > _DIGITS:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size_bytes - int(last))
    end = min(size_bytes, int(last) + 1) if first and last else size_bytes
    if start >= size_bytes:
        raise NoSuchBytes
    return Span(start, end)
