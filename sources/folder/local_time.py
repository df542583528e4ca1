"""Local times in names of files, and which moment they mean: also in the night when the clock is put back. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST_CALL = timedelta(hours=24)
_SLACK = timedelta(minutes=10)  # between the clocks of a PBX and of a share


def moments(digits: str, zone: ZoneInfo) -> list[datetime]:
    """Return the moments (UTC), the earlier first, that a local time of 12 or 14 digits can mean: as a rule one.

    Raises:
        ValueError: There is no such time.
    """
    local = datetime.strptime(digits, "%Y%m%d%H%M%S" if len(digits) == 14 else "%Y%m%d%H%M").replace(tzinfo=zone)
    return sorted({local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)})


def began(candidates: list[datetime], seconds: float | None, modified_at: datetime) -> datetime:
    """Return which of the moments that a name can mean is the beginning of its recording.

    Args:
        candidates: What ``moments`` made of the name.
        seconds: How long the recording is, if that is known.
        modified_at: When the file was written last, by the clock of the share.
    """
    if len(candidates) == 1:
        return candidates[0]
    if seconds is not None:
        return min(candidates, key=lambda start: abs(start + timedelta(seconds=seconds) - modified_at))
    return max((start for start in candidates if start <= modified_at + _SLACK), default=candidates[0])


def ended(began_at: datetime | None, seconds: float | None, modified_at: datetime) -> datetime:
    """Return when a recording ended.

    By the name's time and the length, which no copying changes; else by when the file was written last, unless that
    cannot be: before the beginning (the share's clock is behind), or days after it (it was copied).
    """
    if began_at is None:
        return modified_at
    if seconds is not None:
        return began_at + timedelta(seconds=seconds)
    return modified_at if began_at <= modified_at <= began_at + LONGEST_CALL else began_at
