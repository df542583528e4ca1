"""Moments as PBXs write them: with an offset, without one, or as a number since 1970. Pure."""

from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d-%H%M%S")
_SECONDS, _MILLISECONDS = 1e11, 1e14
"""Numbers below are seconds, or milliseconds, since 1970; larger ones microseconds. All three reach beyond 5000 AD."""


class NoZone(ValueError):
    """A moment has no offset, and nobody said in which time zone the PBX writes."""


class AmbiguousMoment(ValueError):
    """A local time that did not exist, in the night when clocks are put forward."""


def moment(written: str | float, zone: tzinfo | None) -> datetime:
    """Read a moment; one without an offset is in ``zone``, the first of both where clocks were put back.

    Raises:
        NoZone: It has no offset, and there is no zone.
        ValueError: It is none of the forms that are known here, or in no calendar.
    """
    if isinstance(written, int | float):
        return _since_1970(float(written))
    text = written.strip()
    if text.replace(".", "", 1).isdigit() and len(text.partition(".")[0]) in {10, 13, 16}:
        return _since_1970(float(text))
    try:
        found = _read(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        if zone is None:
            raise NoZone("the moment has no offset, and no time zone is set")
        return local(found, zone)
    except OverflowError:  # such as what stands for no value, 0001-01-01 in a zone to the east
        raise ValueError("the moment is in no calendar") from None


def local(found: datetime, zone: tzinfo) -> datetime:
    """Return the moment of a local time, in UTC; the first of both where clocks were put back.

    Raises:
        AmbiguousMoment: Clocks were put forward past it.
    """
    there = found.replace(tzinfo=zone)
    at = there.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != found:
        raise AmbiguousMoment("there was no such local time: clocks were put forward past it")
    return at


def later(at: datetime, seconds: float) -> datetime:
    """Return a moment that is some seconds later.

    Raises:
        ValueError: It is in no calendar.
    """
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError("the moment is in no calendar") from None


def _since_1970(number: float) -> datetime:
    size = abs(number)
    seconds = number if size < _SECONDS else number / 1e3 if size < _MILLISECONDS else number / 1e6
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError("the moment is in no calendar") from None


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text)  # as mail writes it, and Twilio
    except (TypeError, ValueError, IndexError):
        raise ValueError("expected a moment such as 2026-11-28T10:00:00+03:00 or 2026-11-28 10:00:00") from None
