"""``callsift source``: processes that bring calls in by themselves."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from agents.audio.fetch_settings import FetchSettings
from callsift.commands.extras import needs
from callsift.commands.moment_option import moment_option
from callsift.running import adopt_running, home
from sources.settings import SourcesFile, SourcesSettings, read_sources
from streams.errors import SettingsError
from streams.settings import AudioStoreSettings, KafkaSettings, WorkerSettings

app = typer.Typer(help="Bring calls in from where a PBX leaves them.", no_args_is_help=True)

Since = Annotated[
    datetime | None,
    typer.Option(parser=moment_option, metavar="TIME", help="Take what ended then or later: 3d (ago), or a time."),
]


Name = Annotated[str | None, typer.Argument(help="Which source of the file; not needed where there is one.")]
T = TypeVar("T")


@app.callback()
def source() -> None:
    """Bring calls in from where a PBX leaves them (docs/sources.md)."""


@app.command()
def folder(name: Name = None, since: Since = None) -> None:
    """Watch a folder, a share or a bucket for recordings, until SIGTERM (docs/watched-folder.md).

    The first start takes nothing that ended before it, unless --since says so. Later ones go on where the last ended.
    """
    from callsift.source_process import Process, watch_folder

    adopt_running()
    file = read_sources(SourcesSettings.read())
    named, source = _chosen(file.folders, name, "folders")
    watch_folder(named, source, _state(file), since, Process(WorkerSettings.read(), KafkaSettings.read()))


@app.command()
def asterisk(name: Name = None) -> None:
    """Listen to an Asterisk's Manager Interface, until SIGTERM (docs/asterisk.md)."""
    from callsift.source_process import Process, listen_to_asterisk

    adopt_running()
    file = read_sources(SourcesSettings.read())
    named, source = _chosen(file.asterisks, name, "asterisks")
    listen_to_asterisk(named, source, _state(file), Process(WorkerSettings.read(), KafkaSettings.read()))


@app.command()
def poller(name: Name = None, since: Since = None) -> None:
    """Ask a PBX for its calls and their recordings, until SIGTERM (docs/poller.md).

    The first start takes nothing that ended before it, unless --since says so. Later ones go on where the last ended.
    """
    from callsift.source_process import Keeping, Process, ask_poller

    adopt_running()
    file = read_sources(SourcesSettings.read())
    named, source = _chosen(file.pollers, name, "pollers")
    keeping = Keeping(AudioStoreSettings.read(), FetchSettings.read())
    process = Process(WorkerSettings.read(), KafkaSettings.read())
    with needs("api"):
        ask_poller(named, source, _state(file), since, process, keeping)


def _state(file: SourcesFile) -> Path:
    return file.state or home() / "sources"


def _chosen(sources: Mapping[str, T], name: str | None, kind: str) -> tuple[str, T]:
    if name is None and len(sources) == 1:
        return next(iter(sources.items()))
    if name is None or name not in sources:
        raise SettingsError(
            f"expected one of {', '.join(sources) or 'the sources'} under {kind} in the file that names the sources",
            "Name it, or add it to the file of CALLSIFT_SOURCES_FILE",
        )
    return name, sources[name]
