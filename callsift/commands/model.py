"""``callsift model``: fetches speech models, checks them, and adapts what they write."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.adapt import adapt
from callsift.commands.output import harmless, notes, print_json, print_table, results
from callsift.running import home
from streams.errors import SettingsError

SMALL_TURKISH = "https://alphacephei.com/vosk/models/vosk-model-small-tr-0.3.zip"
"""The official small Turkish model."""

app = typer.Typer(help="The speech model: bring one, say what it is, and correct what it writes.", no_args_is_help=True)
app.command()(adapt)


def _checksum(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        raise typer.BadParameter("expected 64 hexadecimal digits")
    return text


@app.command()
def fetch(
    url: Annotated[str, typer.Option(help="Address of a zip or tar archive of a Vosk model.")] = SMALL_TURKISH,
    sha256: Annotated[
        str | None, typer.Option(help="What the archive must be; another one is deleted.", callback=_checksum)
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="Folder for models. Default: models in CALLSIFT_HOME or in ~/.callsift.", file_okay=False),
    ] = None,
    limit_mb: Annotated[int, typer.Option(min=1, help="Megabytes of the archive, and of its content, at most.")] = 8192,
    time_limit_s: Annotated[float, typer.Option(min=1, help="Seconds that the download may take.")] = 3600.0,
) -> None:
    """Download and unpack a speech model, and print the setting that names it.

    A download that broke off is continued by the same command. A model that is there already stays as it is.
    """
    with _transcribe_extra():
        from agents.transcribe.model_files import Limits, fetch_model

    limits = Limits(size_bytes=limit_mb * 1_000_000, time_s=time_limit_s)
    with _progress() as on_progress:
        fetched = fetch_model(
            url, (to or home() / "models").resolve(), sha256=sha256, limits=limits, on_progress=on_progress
        )
    said = "fetched" if fetched.is_new else "already there:"
    notes.out(harmless(f"{said} {fetched.folder}, from the archive with sha256 {fetched.sha256}"), highlight=False)
    results.out(f"CALLSIFT_VOSK_MODEL={shlex.quote(str(fetched.folder))}", highlight=False)


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of a model. Default: CALLSIFT_VOSK_MODEL.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Load a speech model, decode a second of silence with it, and say what it is."""
    from agents.transcribe.settings import TranscribeSettings

    folder = folder or TranscribeSettings.read().vosk_model
    if folder is None:
        raise SettingsError(
            "no speech model is named", "Set CALLSIFT_VOSK_MODEL or name a folder; `callsift model fetch` brings one"
        )
    with _transcribe_extra():
        from agents.transcribe.model_files import check_model

    with notes.status("loading …"):
        facts = check_model(folder)
    if as_json:
        print_json(asdict(facts))
        return
    rows = [
        ["name", facts.name],
        ["folder", facts.folder],
        ["fingerprint", facts.fingerprint],
        ["size on disk", f"{facts.size_bytes / 1e6:.1f} MB"],
        ["sample rate", f"{facts.sample_rate_hz} Hz"],
        ["time to load", f"{facts.load_s:.2f} s"],
        ["memory", f"{facts.resident_bytes / 1e6:.1f} MB"],
    ]
    print_table("Speech model", ["what", "value"], rows)


@contextmanager
def _transcribe_extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise SettingsError(
            f"speech models need {error.name}", "Install it with: pip install 'callsift[transcribe]'"
        ) from error


@contextmanager
def _progress() -> Iterator[Callable[[int, int | None], None]]:
    """Show a download: a bar on a terminal, a line for every tenth elsewhere."""
    if not notes.is_terminal:
        yield _Lines()
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, transient=True) as progress:
        bar = progress.add_task("download", total=None)
        yield lambda have, total: progress.update(bar, completed=have, total=total)


class _Lines:
    """Writes a line for every tenth of a download, or for every 10 MB where its size is unknown."""

    def __init__(self) -> None:
        self._last_step = -1

    def __call__(self, have_bytes: int, total_bytes: int | None) -> None:
        step = have_bytes * 10 // total_bytes if total_bytes else have_bytes // 10_000_000
        if step > self._last_step:
            self._last_step = step
            of = f" of {total_bytes / 1e6:.1f}" if total_bytes else ""
            notes.out(f"downloaded {have_bytes / 1e6:.1f}{of} MB", highlight=False)
