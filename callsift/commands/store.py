"""``callsift store``: the indexes of the documents in MongoDB, and fields that older documents lack."""

import asyncio
from contextlib import closing
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from callsift.commands.extras import needs
from callsift.commands.output import harmless, notes, print_json, print_table
from callsift.commands.progress import shown
from callsift.running import adopt_running
from streams.settings import KafkaSettings

app = typer.Typer(help="The documents of all calls in MongoDB.", no_args_is_help=True)
_BUILD_LIMIT_S = 3600.0
_NAMED = 20


@app.callback()
def store() -> None:
    """The documents of all calls in MongoDB."""


@app.command()
def indexes(
    check: Annotated[
        bool, typer.Option("--check", help="Create nothing: print which are missing, exit 1 if any is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create the indexes that `retention`, `reprocess` and the API search by, unless they are there.

    Nothing else needs them: calls are found by their identifier. On a large collection it takes minutes, in which
    workers go on.
    """
    adopt_running()
    found = asyncio.run(_indexes(check=check))
    if as_json:
        print_json(found)
    what = "missing" if check else "created"
    notes.print(f"{what}: {'; '.join(found)}" if found else "all indexes exist already", highlight=False)
    if check and found:
        raise typer.Exit(1)


@app.command()
def fill(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing: print how many lack them, exit 1 if any does.")
    ] = False,
) -> None:
    """Give documents from before the API the fields that it searches by; without them it lists no such call.

    `reprocess` and `taxonomy preview` take none, either.

    Run it once after the upgrade, when every sink worker is a new one. It may be ended and run again at any time;
    workers and the API go on meanwhile.
    """
    adopt_running()
    left = asyncio.run(_fill(check=check))
    notes.print(f"{left} documents lack the fields" if check else f"{left} documents filled", highlight=False)
    if check and left:
        raise typer.Exit(1)


@app.command()
def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write and publish nothing: print what would be.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """After a restore from a backup: bring the documents up to what subscribers have seen (docs/restoring.md).

    Best run before the sinks start again. It may be ended and run again at any time. The exit code is 1 where a
    document could not take what was published, or a message is no outcome of this version.
    """
    with needs("sink"):
        from callsift.reconciling import Reconciliation
        from store.database import Database
        from store.settings import StoreSettings
    adopt_running()
    with closing(Database(StoreSettings.read())) as database:
        reconciliation = Reconciliation(KafkaSettings.read(), database, write=not dry_run)
        with shown(reconciliation.total, lines=20) as steps:
            found = reconciliation.run(partial(steps.done, "messages"))
    if as_json:
        print_json(asdict(found))
    else:
        done = "would be" if dry_run else "were"
        rows = [
            ("published outcomes looked at", found.looked_at),
            (f"documents that {done} put back", found.missing),
            (f"documents that {done} raised", found.behind),
            (f"outcomes that {done} published above what was seen", found.published),
            (f"documents of forgotten calls that {done} removed", found.forgotten),
            (f"documents of other gone calls that {done} removed", found.removed),
            ("documents of gone calls that stay on hold", len(found.held)),
            ("messages that are no outcome of this version", found.unreadable),
            ("documents that cannot take what was published", len(found.refused)),
        ]
        print_table("Reconciliation", ["what", "number"], [(what, str(number)) for what, number in rows])
        for call_id in found.held[:_NAMED]:
            notes.print(f"gone for subscribers, and on hold: {harmless(call_id)}", markup=False, highlight=False)
        for call_id, why in list(found.refused.items())[:_NAMED]:
            notes.print(f"not done: {harmless(call_id)}: {why}", markup=False, highlight=False)
    if found.refused or found.unreadable:
        raise typer.Exit(1)


async def _fill(*, check: bool) -> int:
    with needs("sink"):
        from store.database import Database
        from store.search import CallSearch
        from store.settings import StoreSettings
    database = Database(StoreSettings.read(), answer_limit_s=_BUILD_LIMIT_S)
    try:
        search = CallSearch(database)
        lacking = await search.unsearchable()
        if check or not lacking:
            return lacking
        filled = 0
        with shown(lacking, lines=20) as steps:
            async for count in search.fill():
                filled += count
                steps.done("documents", count)
        return filled
    finally:
        database.close()


async def _indexes(*, check: bool) -> list[str]:
    with needs("sink"):
        from store.calls import OutcomeStore
        from store.database import Database
        from store.settings import StoreSettings
    documents = OutcomeStore(Database(StoreSettings.read(), answer_limit_s=_BUILD_LIMIT_S))
    try:
        return await (documents.missing_indexes() if check else documents.create_indexes())
    finally:
        documents.close()
