"""Moments as people type them: an ISO time with its offset, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])(?:\s+ago)?")


def moment(text: str, now: datetime) -> datetime:
    """Return the moment (UTC) that ``text`` names, like ``2026-11-22T09:00+03:00``, ``2026-11-22T06:00Z``, ``2h ago``.

    Raises:
        ValueError: It names none; a time without an offset does not.
    """
    if found := _AGO.fullmatch(text.strip()):
        try:
            return now - timedelta(seconds=float(found[1]) * _UNITS_S[found[2]])
        except OverflowError:
            raise ValueError(f"{text.strip()} is longer ago than the calendar reaches") from None
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("expected a time like 2026-11-22T09:00+03:00, or like 2h or 3d for so long ago") from None
    if parsed.tzinfo is None:
        raise ValueError(f"a time without an offset names no moment; write {parsed.isoformat()}Z for UTC")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text.strip()} lies outside the calendar") from None
