"""Types of fields that the settings of several sources have."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("expected the name of a time zone, such as Europe/Istanbul") from None
    return zone


SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""What a source is called, in addresses, metrics and the log."""
ZoneName = Annotated[str, AfterValidator(_known)]
