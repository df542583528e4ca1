"""``callsift source``: processes that bring calls in by themselves."""

from datetime import datetime
from typing import Annotated

import typer

from callsift.commands.moment_option import moment_option
from callsift.running import adopt_running

app = typer.Typer(help="Bring calls in from where a PBX leaves them.", no_args_is_help=True)

Since = Annotated[
    datetime | None,
    typer.Option(parser=moment_option, metavar="TIME", help="Take what ended then or later: 3d (ago), or a time."),
]


@app.callback()
def source() -> None:
    """Bring calls in from where a PBX leaves them (docs/sources.md)."""


@app.command()
def folder(since: Since = None) -> None:
    """Watch a folder, a share or a bucket for recordings, until SIGTERM; CALLSIFT_FOLDER_* say where and of what PBX.

    The first start takes nothing that ended before it, unless --since says so. Later ones go on where the last ended.
    """
    from callsift.source_process import watch_folder

    adopt_running()
    watch_folder(since)


@app.command()
def asterisk() -> None:
    """Listen to an Asterisk's Manager Interface, until SIGTERM; CALLSIFT_ASTERISK_* say where (docs/asterisk.md)."""
    from callsift.source_process import listen_to_asterisk

    adopt_running()
    listen_to_asterisk()
