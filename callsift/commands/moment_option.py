"""Options that name a moment."""

from datetime import UTC, datetime

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
