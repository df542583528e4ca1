"""Options that name a moment, or where clocks show which."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import typer

from callsift.moments import moment


def moment_option(text: str) -> datetime:
    """Return the moment (UTC) that a command's option names; for Typer's ``parser``.

    Raises:
        typer.BadParameter: It names none.
    """
    try:
        return moment(text, datetime.now(UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def zone_option(name: str) -> ZoneInfo:
    """Return the time zone that a command's option names; for Typer's ``parser``.

    Raises:
        typer.BadParameter: There is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise typer.BadParameter("expected the name of a time zone, such as Europe/Istanbul or UTC") from None
