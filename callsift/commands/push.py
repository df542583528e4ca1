"""``callsift push``: hands recordings in from a PBX's own machine, with nothing but what ``callsift[push]`` brings."""

import os
import time
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from callsift.commands.moment_option import moment_option
from callsift.commands.output import notes, print_json
from callsift.exits import told
from callsift.running import home
from sources.folder.settings import FolderSource
from streams.errors import SettingsError, broken_rules

if TYPE_CHECKING:
    from callsift.pushing import Report

KEY = "CALLSIFT_PUSH_KEY"
"""The variable with the API's key, where no file has it; callsift/settings.py, not loaded here, knows it too."""
_BETWEEN_LINES_S = 10.0
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def push(
    watch: Annotated[Path, typer.Option(help="Folder of the recordings; folders beneath it count.")],
    to: Annotated[str, typer.Option(help="Address of the API, such as https://calls.example.com.")],
    key_file: Annotated[Path | None, typer.Option(help=f"File with a key of the API; else {KEY} has it.")] = None,
    preset: Annotated[str, typer.Option(help="Whose names the recordings have (docs/watched-folder.md).")] = "any",
    pattern: Annotated[str | None, typer.Option(help="A regular expression for other names.")] = None,
    time_zone: Annotated[str, typer.Option(help="Time zone of the times in names.")] = "UTC",
    customer_channel: Annotated[
        int | None,
        typer.Option(min=0, max=1, help="Where the customer is in stereo files; unset: as the preset has it."),
    ] = None,
    call_id_prefix: Annotated[str, typer.Option(help="Put before identifiers, where there are several PBXs.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment_option, metavar="TIME", help="Take what ended then or later: 3d (ago), or a time."),
    ] = None,
    settle: Annotated[float, typer.Option(min=0.1, help="Seconds without a change until a file is taken.")] = 10.0,
    state: Annotated[Path | None, typer.Option(help="Folder of what was pushed, on a disk of this machine.")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="PEM file of the authority of the API's certificate.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Hand in what is at rest by now, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one document a line.")] = False,
) -> None:
    """Hand recordings in from the PBX's own machine, over HTTPS alone, until SIGTERM (docs/push.md).

    The first start takes nothing that ended before it, unless --since says so. Later ones go on where the last ended.
    """
    import asyncio

    from callsift.commands.extras import needs
    from callsift.pushing import push, push_once, state_of, watched
    from sources.backoff import Backoff
    from sources.folder.ledger import Ledger
    from streams.logs import set_up_logging

    with needs("push"):
        from sources.push.uploader import Uploader

    _check_address(to)
    set_up_logging("WARNING", "text")
    source = _source(
        path=str(watch.absolute()),
        preset=preset,
        pattern=pattern,
        time_zone=time_zone,
        channels=None if customer_channel is None else {"customer": customer_channel, "agent": 1 - customer_channel},
        call_id_prefix=call_id_prefix,
        settle_s=settle,
    )
    ledger = Ledger(state_of(watch, state or home() / "push"))
    uploader = Uploader(to, watch, partial(_key, key_file), ca_file, Backoff())
    try:
        watcher = watched(source, ledger, since)
        if not once:
            asyncio.run(push(watcher, ledger, uploader, _Reporting(as_json), source.poll_s))
            return
        report = asyncio.run(push_once(watcher, ledger, uploader, settle))
    finally:
        uploader.close()
        ledger.close()
    _end(report, as_json)


def run() -> None:
    """Be ``callsift push`` without the other commands, whose libraries it does not need."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(push)
    with told():
        app(prog_name="callsift push")


def _end(report: "Report", as_json: bool) -> None:
    _print(report, as_json)
    if report.progress.problem or report.progress.refused:
        raise typer.Exit(1)


def _check_address(to: str) -> None:
    parts = urlsplit(to)
    if parts.query or parts.fragment or parts.username or not parts.hostname:
        raise SettingsError(
            "--to is no address, or one with a user or a query in it", "Give one such as https://calls.example.com"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise SettingsError("--to is not encrypted", "Give an address with https://; http:// is for this machine alone")


def _source(settle_s: float, **given: object) -> FolderSource:
    try:
        return FolderSource.model_validate({"settle_s": settle_s, "poll_s": settle_s / 2, **given})
    except ValidationError as error:
        named = broken_rules(error, name=lambda field: "--" + field.replace("_", "-"))
        raise SettingsError(named, "`callsift push --help` lists the options") from None


def _key(file: Path | None) -> str | None:
    """Return the key; read at each request, so that a new one needs no restart. None: there is none."""
    if file is None:
        return os.environ.get(KEY) or None
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


class _Reporting:
    """Prints how it stands: when something has changed, every ten seconds at most, and at once what is wrong."""

    def __init__(self, as_json: bool) -> None:
        self._as_json, self._printed_at = as_json, -_BETWEEN_LINES_S
        self._last: Report | None = None

    def __call__(self, report: "Report") -> None:
        before = self._last
        is_news = before is None or before.progress.problem != report.progress.problem
        if report == before or not (is_news or time.monotonic() - self._printed_at >= _BETWEEN_LINES_S):
            return
        self._last, self._printed_at = report, time.monotonic()
        _print(report, self._as_json)


def _print(report: "Report", as_json: bool) -> None:
    progress, waiting = report
    if as_json:
        print_json({**asdict(progress), "waiting": waiting}, indent=None)
        return
    line = f"{progress.pushed} pushed ({progress.sent_bytes / 1e6:.1f} MB), {waiting} wait, {progress.refused} refused"
    notes.print(f"{line}; {progress.problem}" if progress.problem else line, markup=False, highlight=False)
