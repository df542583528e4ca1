"""``callsift dlq``: lists, shows and replays messages that were given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from callsift.commands.dead_letter_options import Call, ErrorType, Since, Stage, Until
from callsift.commands.dead_letter_tables import original_as_json, print_letter, print_letters
from callsift.commands.output import harmless, notes, print_json
from callsift.running import adopt_running
from streams.errors import CallsiftError
from streams.settings import KafkaSettings

if TYPE_CHECKING:
    from streams.dead_letters import DeadLetterFilter, DeadLetterSummary

app = typer.Typer(help="Read dead letters, and replay them.", no_args_is_help=True)


@app.callback()
def dlq() -> None:
    """Read dead letters, and replay them.

    Every command takes what is on calls.dead-letter at the moment of asking. docs/dead-letters.md has the whole walk.
    """


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one dead letter a line.")]


@app.command("list")
def list_letters(
    stage: Stage = None,
    error_type: ErrorType = None,
    since: Since = None,
    until: Until = None,
    call: Call = None,
    replayed: Annotated[
        bool | None, typer.Option("--replayed/--not-replayed", help="Replayed already, or not. Default: both.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first: what failed, why, and what a person can do about it."""
    from streams.dead_letters import DeadLetterFilter

    adopt_running()
    chosen = DeadLetterFilter(stage, error_type, since, until, call, replayed)
    print_letters(_listed(KafkaSettings.read(), chosen), as_json)


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="Its identifier, or how that begins.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show everything about a dead letter, with the original message.

    The original may hold personal data, such as telephone numbers and what was said: mind who sees your screen.
    """
    from streams.dead_letters import read_letters, read_replays, resolve, when_replayed
    from streams.kafka import forgotten_calls

    adopt_running()
    kafka = KafkaSettings.read()
    found = {letter.event_id: letter for letter in read_letters(kafka) if letter.event_id.startswith(letter_id)}
    letter = found[resolve(letter_id, found)]
    if letter.call_id in forgotten_calls(kafka):
        raise CallsiftError(f"dead letter {letter.event_id} is of a call that is forgotten", "Nothing is to be done")
    replayed_at = when_replayed(letter, read_replays(kafka))
    if as_json:
        shown = letter.model_dump(mode="json") | {"replayed_at": replayed_at.isoformat() if replayed_at else None}
        print_json(shown | {"original": original_as_json(letter)})
        return
    print_letter(letter, replayed_at)


@app.command()
def replay(
    letter_ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Identifiers, or how they begin.")
    ] = None,
    stage: Stage = None,
    error_type: ErrorType = None,
    since: Since = None,
    until: Until = None,
    call: Call = None,
    replayed: Annotated[
        bool, typer.Option("--replayed/--not-replayed", help="Those replayed before, or those not yet.")
    ] = False,
    all_letters: Annotated[bool, typer.Option("--all", help="All, where nothing else says which.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print which would be replayed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the original messages of dead letters back on the topics they came from, and mark them as replayed.

    Mend the cause first: `callsift dlq list` says how. Exits with 1 if a message could not be put back.
    """
    from streams.dead_letters import DeadLetterFilter, read_letters
    from streams.dead_letters import replay as put_back

    chosen = DeadLetterFilter(stage, error_type, since, until, call, replayed)
    if chosen == DeadLetterFilter(replayed=replayed) and not (letter_ids or all_letters):
        raise typer.BadParameter("say which: identifiers, a filter, or --all")
    adopt_running()
    kafka = KafkaSettings.read()
    listed = _listed(kafka, chosen, letter_ids or ())
    if dry_run:
        print_letters(listed, as_json)
        notes.print(f"{len(listed)} dead letter(s) would be replayed", highlight=False)
        return
    if not listed:
        notes.print("nothing to replay; what was replayed before takes --replayed", highlight=False)
        return
    ids, done, refused = {letter.id for letter in listed}, 0, 0
    wanted = (letter for letter in read_letters(kafka) if letter.event_id in ids)
    with Progress(console=notes, disable=not notes.is_terminal) as progress:
        bar = progress.add_task("replayed", total=len(listed))
        for letter, problem in put_back(kafka, wanted):
            progress.advance(bar)
            if problem is None:
                done += 1
            else:
                refused += 1
                notes.out(harmless(str(problem)), highlight=False)
            if as_json:
                print_json({"id": letter.event_id, "call_id": letter.call_id, "replayed": not problem}, indent=None)
    notes.print(f"{done} of {len(listed)} dead letter(s) replayed", highlight=False)
    if refused:
        raise typer.Exit(1)


def _listed(
    kafka: KafkaSettings, chosen: "DeadLetterFilter", beginnings: Sequence[str] = ()
) -> "list[DeadLetterSummary]":
    """Return the dead letters that are wanted, oldest first; ``beginnings`` names some, () all.

    Raises:
        CallsiftError: One of ``beginnings`` names none, or several.
    """
    from streams.dead_letters import (
        DeadLetterSummary,
        read_letters,
        read_replays,
        resolve,
        when_replayed,
    )

    unreadable: list[str] = []
    with notes.status("reading dead letters …"):
        replays = read_replays(kafka)
        found, known = [], []
        put_back: dict[str, datetime] = {}
        for letter in read_letters(kafka, unreadable.append):
            known.append(letter.event_id)
            replayed_at = when_replayed(letter, replays)
            if replayed_at is not None:
                put_back[letter.event_id] = replayed_at
            if chosen.accepts(letter, replayed_at):
                found.append(DeadLetterSummary.of(letter, replayed_at))
    if unreadable:
        notes.out(f"left out, no dead letter of a version known here: {', '.join(unreadable[:5])}", highlight=False)
    if beginnings:
        named = {resolve(beginning, known) for beginning in beginnings}
        left_out = named - {letter.id for letter in found}
        if chosen.replayed is False:
            for one in sorted(left_out & put_back.keys()):
                left_out.remove(one)
                when = f"{put_back[one]:%Y-%m-%d %H:%M:%SZ}"
                notes.out(harmless(f"left out, replayed at {when}: {one}; --replayed takes it again"), highlight=False)
        if left_out:
            notes.out(harmless(f"left out, not what the options say: {', '.join(sorted(left_out))}"), highlight=False)
        found = [letter for letter in found if letter.id in named]
    return sorted(found, key=lambda letter: letter.gave_up_at)
