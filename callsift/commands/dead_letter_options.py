"""The options of ``callsift dlq`` that say which dead letters a command is about."""

from datetime import datetime
from typing import Annotated

import typer

from callsift.commands.moment_option import moment_option
from streams.topics import STAGES


def _known(name: str | None) -> str | None:
    if name is not None and name not in STAGES:
        raise typer.BadParameter(f"expected one of {', '.join(STAGES)}")
    return name


Stage = Annotated[str | None, typer.Option(help=f"Given up by this stage: {', '.join(STAGES)}.", callback=_known)]
ErrorType = Annotated[str | None, typer.Option(help="With this error, for example RecordingGone.")]
Since = Annotated[
    datetime | None,
    typer.Option(parser=moment_option, help="Given up since: 2026-11-22T09:00+03:00, or 2h or 3d (ago)."),
]
Until = Annotated[datetime | None, typer.Option(parser=moment_option, help="Given up before: as --since.")]
Call = Annotated[str | None, typer.Option(help="Of the call with this identifier.")]
