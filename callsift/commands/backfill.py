"""``callsift backfill``: hands in an archive of old calls, beside live ones."""

import asyncio
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, get_args
from zoneinfo import ZoneInfo

import typer

from callsift.commands.moment_option import moment_option
from callsift.commands.output import notes, print_json
from callsift.commands.progress import Steps, shown
from callsift.running import adopt_running
from sources.folder.names import Preset
from streams.settings import KafkaSettings

if TYPE_CHECKING:
    from callsift.backfill.estimate import Estimate
    from callsift.backfill.pace import Choice, Pace, Tally
    from sources.archive import Archive
    from store.settings import StoreSettings

_LINES = 50
"""Lines of progress where there is no terminal."""


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise typer.BadParameter("expected a name such as Europe/Istanbul") from None


def _preset(name: str) -> str:
    if name not in get_args(Preset):
        raise typer.BadParameter(f"expected one of {', '.join(get_args(Preset))}")
    return name


Moment = typer.Option(parser=moment_option, metavar="TIME", help="Calls that ended then or later: 90d (ago), a time.")
Until = typer.Option(parser=moment_option, metavar="TIME", help="Calls that ended earlier.")


def backfill(
    archive: Annotated[str, typer.Argument(help="Folder, s3://bucket/folder, CSV, or JSON lines (.jsonl).")],
    since: Annotated[datetime | None, Moment] = None,
    until: Annotated[datetime | None, Until] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Hand in so many calls at the most.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Calls a minute at the most.")] = None,
    in_flight: Annotated[
        int | None, typer.Option(min=1, help="Calls on their way at the most; else 3 for each transcribe worker.")
    ] = None,
    preset: Annotated[str, typer.Option(parser=_preset, metavar="PBX", help="Whose names recordings have.")] = "any",
    pattern: Annotated[str | None, typer.Option(help="A regular expression for other names.")] = None,
    time_zone: Annotated[
        str, typer.Option(parser=_zone, metavar="ZONE", help="Of the times in names and call records.")
    ] = "UTC",
    address: Annotated[str, typer.Option(help="Where the audio stage finds the folder, if elsewhere.")] = "",
    recordings: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="For a PBX's call records: file:///mnt/monitor/%Y/%m/%d.")
    ] = None,
    trunk: Annotated[
        list[str] | None, typer.Option(help="For a PBX's call records: as for `callsift reconcile`.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="CALL_ID_PREFIX of the source, if it has one.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only estimate hours and cost.")] = False,
    cpu: Annotated[
        float, typer.Option(min=0.0001, help="With --dry-run: CPU seconds for each second decoded, as measured.")
    ] = 0.15,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hand in old calls in a lane of their own: they take what live calls leave of every worker.

    Calls that have an outcome are left out, so that it can be ended at any moment and run again. Exits with 1 where a
    call failed, or cannot be handed in.
    """
    from callsift.backfill.pace import Choice
    from sources.archive import ArchiveOptions, archive_of
    from store.settings import StoreSettings

    adopt_running()
    options = ArchiveOptions(preset, pattern, time_zone, address, recordings, prefix, trunk or ())  # type: ignore[arg-type]
    choice = Choice(since, until, limit, rate, in_flight)
    kafka, mongo = KafkaSettings.read(), StoreSettings.read()
    with notes.status("listing …"):
        try:
            found = archive_of(archive, options, since)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    if dry_run:
        with notes.status("estimating …"):
            estimate = _estimate(found, choice, kafka, mongo, cpu)
        _say_estimate(estimate)
        if as_json:
            print_json(asdict(estimate))
        return
    tally = _hand_in(found, choice, kafka, mongo)
    _say(tally)
    if as_json:
        print_json(asdict(tally))
    if tally.failed or tally.refused:
        raise typer.Exit(1)


def _hand_in(archive: "Archive", choice: "Choice", kafka: KafkaSettings, mongo: "StoreSettings") -> "Tally":
    from callsift.backfill.run import hand_in

    before = 0
    with shown(len(archive), _LINES) as steps:

        def told(tally: "Tally", pace: "Pace") -> None:
            nonlocal before
            _step(steps, tally, pace, tally.settled - before)
            before = tally.settled

        return asyncio.run(hand_in(archive, choice, kafka, mongo, told))


def _step(steps: Steps, tally: "Tally", pace: "Pace", count: int) -> None:
    waits = ": live calls wait, no old one goes" if pace.held else f", {pace.limit} at a time"
    steps.done(f"done {tally.done}, failed {tally.failed}, refused {tally.refused}{waits}", count)


def _estimate(
    archive: "Archive", choice: "Choice", kafka: KafkaSettings, mongo: "StoreSettings", cpu: float
) -> "Estimate":
    from agents.classify.settings import ClassifySettings
    from agents.transcribe.settings import TranscribeSettings
    from callsift.backfill.estimate import estimated
    from store.calls import OutcomeStore
    from store.database import Database
    from streams.monitor import Observer

    members = {group.name: group.members for group in Observer(kafka).look().groups}
    processes = max(1, members["transcribe"] or 1) * TranscribeSettings.read().processes
    classify = ClassifySettings.read()
    with closing(Database(mongo)) as database:
        store = OutcomeStore(database)
        return asyncio.run(estimated(archive, choice, store, processes=processes, cpu=cpu, classify=classify))


def _say_estimate(found: "Estimate") -> None:
    cost = f"{found.cost:,.2f} {found.currency}" if found.cost is not None else "no price is set"
    notes.print(
        f"{found.calls:,} call(s), {found.known:,} known already, {found.refused:,} that cannot be handed in\n"
        f"{found.recorded_hours:,.1f} h recorded ({found.unknown_length:,} of unknown length), "
        f"about {found.speech_hours:,.1f} h of speech\n"
        f"about {found.cpu_hours:,.1f} h of one core, {found.hours:,.1f} h with the {found.processes} process(es) that "
        "recognise now and no live calls\n"
        f"about {found.tokens:,} tokens of the hosted model, estimated cost: {cost if found.tokens else 'nothing'}",
        highlight=False,
    )


def _say(tally: "Tally") -> None:
    notes.print(
        f"handed in {tally.sent:,}, known already {tally.known:,}; done {tally.done:,}, without recording "
        f"{tally.unrecorded:,}, failed {tally.failed:,}, tried again later {tally.tried_again:,}, forgotten "
        f"{tally.gone:,}, refused {tally.refused:,}",
        highlight=False,
    )
    for reason in tally.reasons:
        notes.print(f"  {reason}", markup=False, highlight=False)
