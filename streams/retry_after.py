"""Retry-After: how long a server asks to be left alone (RFC 9110, 10.2.3). Pure but for the clock."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"(\d{1,9}(?:\.\d+)?)s?")


def seconds(text: object) -> float | None:
    """Return a number of seconds such as ``5`` or ``1.5s``; None: it is none."""
    found = _SECONDS.fullmatch(str(text).strip())
    return float(found[1]) if found else None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks to be left alone, which it says as such or as a date; None: it does not."""
    value = headers.get("Retry-After")
    delay_s = seconds(value)
    if value is None or delay_s is not None:
        return delay_s
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
