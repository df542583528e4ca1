"""``callsift reconcile``: what a PBX's own records know of, and nothing came of."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from callsift.commands.moment_option import zone_option
from callsift.commands.output import notes, print_json, print_table
from callsift.running import adopt_running
from streams.errors import CallsiftError
from streams.settings import KafkaSettings, RetentionSettings

if TYPE_CHECKING:
    from sources.asterisk.cdr import CdrCall


def reconcile(
    cdr: Annotated[Path, typer.Argument(metavar="CDR.csv", help="Asterisk's Master.csv, or FreePBX's export.")],
    time_zone: Annotated[ZoneInfo, typer.Option(parser=zone_option, metavar="ZONE", help="Whose time the file has.")],
    trunk: Annotated[
        list[str] | None, typer.Option(help="How channels to the outside begin; calls without any are left out.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="CALL_ID_PREFIX of the source, if it has one.")] = "",
    emit: Annotated[bool, typer.Option("--emit", help="Hand in what is missing.")] = False,
    unrecorded: Annotated[
        bool, typer.Option("--unrecorded", help="With --emit: also calls without recording, and those nobody took.")
    ] = False,
    recordings: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Folder of the recordings: file:///mnt/monitor/%Y/%m/%d, of the day."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one call a line.")] = False,
) -> None:
    """Compare a PBX's call records with what arrived: missing, failed, on the way, without recording, never answered.

    Prints every call but those that arrived. Exits with 1 where one is missing, or failed, and was not handed in.
    """
    from callsift import call_records
    from sources.observation import Refused
    from store.settings import StoreSettings
    from streams.retention import cut_off

    if emit and recordings is None:
        raise typer.BadParameter("--emit needs --recordings, the folder's address")
    adopt_running()
    all_calls = _read(cdr, time_zone)
    outside = [call for call in all_calls if not call.is_internal(trunk or ())]
    kafka = KafkaSettings.read()
    with notes.status("comparing …"):
        oldest = cut_off(datetime.now(UTC), RetentionSettings.read().documents_days)
        found = asyncio.run(call_records.compare(outside, prefix, StoreSettings.read(), kafka, oldest))
    wanted = {"missing", *(("without_recording", "never_answered") if unrecorded else ())}
    to_send = [one for one in found if one.state in wanted] if emit else []
    sent = asyncio.run(call_records.emit(to_send, prefix, recordings, kafka, trunk or ())) if to_send else []
    refused = {
        one.call_id: str(result) for one, result in zip(to_send, sent, strict=True) if isinstance(result, Refused)
    }
    handed_in = {one.call_id for one in to_send} - refused.keys()
    shown = [
        call_records.shown(one) | {"handed_in": one.call_id in handed_in, "refused": refused.get(one.call_id)}
        for one in found
        if one.state != "arrived"
    ]
    _print(shown, as_json=as_json)
    counts = ", ".join(f"{state.replace('_', ' ')} {count}" for state, count in call_records.counts(found).items())
    notes.print(f"{len(all_calls) - len(outside)} internal; {counts}; handed in {len(handed_in)}", highlight=False)
    if any(one.state == "failed" or (one.state == "missing" and one.call_id not in handed_in) for one in found):
        raise typer.Exit(1)


def _read(cdr: Path, zone: ZoneInfo) -> "list[CdrCall]":
    from sources.asterisk.cdr import calls

    try:
        with cdr.open(encoding="utf-8", newline="") as file:
            return calls(file, zone)
    except OSError as error:
        raise CallsiftError(f"cannot read {cdr}: {error.strerror}", "Name a file that exists") from error


def _print(shown: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for line in shown:
            print_json(line, indent=None)
        return
    rows = [
        (line["call_id"], "handed in" if line["handed_in"] else line["state"], line["began_at"], line["why"] or "")
        for line in shown
    ]
    print_table("Calls", ("call", "state", "began", "why"), rows)
