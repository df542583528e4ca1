"""``callsift summary``: what a day's calls were, to be read or sent."""

import asyncio
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from callsift.commands.extras import needs
from callsift.commands.moment_option import zone_option
from callsift.commands.output import notes, print_json, results
from callsift.running import adopt_running
from streams.errors import CallsiftError
from streams.settings import KafkaSettings

if TYPE_CHECKING:
    from pages.summary import Pipeline, Summary


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("expected a day such as 2026-11-28") from None


def summary(
    day: Annotated[
        date | None, typer.Option(parser=_day, metavar="YYYY-MM-DD", help="The day; yesterday unless given.")
    ] = None,
    zone: Annotated[
        ZoneInfo | None,
        typer.Option(parser=zone_option, metavar="ZONE", help="Where days begin; that of the pages unless given."),
    ] = None,
    form: Annotated[
        Literal["text", "json", "csv", "html"], typer.Option("--format", help="How it is printed.")
    ] = "text",
    language: Annotated[
        Literal["en", "tr"] | None, typer.Option(help="Language of text and HTML; that of the pages unless given.")
    ] = None,
    late_after: Annotated[
        int, typer.Option(metavar="MINUTES", min=1, help="A stage is late whose oldest message waits for so long.")
    ] = 30,
    send: Annotated[bool, typer.Option("--send", help="Send it as a mail, and print nothing.")] = False,
    mail_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="YAML file that says how mail is sent.")
    ] = None,
) -> None:
    """Say what a day's calls were, what was lost and what failed, beside the day before and the same weekday.

    Counts and codes alone: no number, no name and no word of a call (docs/summary.md).
    """
    with needs("api"):
        from callsift.mailing import deliver, message_of, read_mail_file
        from pages.settings import PageSettings
        from pages.summary import as_csv, as_html, as_text, title
        from pages.words import Language
    if send and mail_file is None:
        raise typer.BadParameter("--send needs --mail-file, the server and the addresses")
    mail = read_mail_file(mail_file) if mail_file is not None else None  # a mistake in it is said before the work
    adopt_running()
    settings, now = PageSettings.read(), datetime.now(UTC)
    zone = zone or settings.zone
    say = Language(language or settings.language, zone)
    with notes.status("counting …"):
        found = _made(day or now.astimezone(zone).date() - timedelta(days=1), zone, now, timedelta(minutes=late_after))
    if send and mail is not None:
        message = message_of(
            mail, title(found, say), as_text(found, say), as_html(found, say), f"{found.day} {zone.key}", now
        )
        taken = deliver(message, mail, on_wait=_waits).taken
        notes.print(f"sent to {len(taken)} of {len(mail.to)}: {message['Message-ID']}", markup=False, highlight=False)
    elif form == "json":
        print_json(found.model_dump(mode="json"))
    else:
        results.file.write({"text": as_text, "html": as_html}[form](found, say) if form != "csv" else as_csv(found))
        results.file.flush()


def _made(day: date, zone: ZoneInfo, now: datetime, late_after: timedelta) -> "Summary":
    from pages.summary import summarize
    from store.database import Database
    from store.settings import StoreSettings

    pipeline = _pipeline(late_after)

    async def counted() -> "Summary":
        with closing(Database(StoreSettings.read())) as database:
            return await summarize(database, day, zone, now, pipeline)

    return asyncio.run(counted())


def _pipeline(late_after: timedelta) -> "Pipeline | None":
    from pages.summary import pipeline_of
    from streams.monitor import Observer

    try:
        return pipeline_of(Observer(KafkaSettings.read()).look(), late_after)
    except CallsiftError as error:
        notes.print(f"what waits is not known: {error}", markup=False, highlight=False)
        return None


def _waits(why: str, pause_s: float) -> None:
    notes.print(f"the mail server does not take it yet: {why}; again in {pause_s:g} s", markup=False, highlight=False)
