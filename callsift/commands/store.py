"""``callsift store``: makes the indexes of the documents in MongoDB."""

import asyncio
from typing import Annotated

import typer

from callsift.commands.output import notes, print_json
from callsift.running import adopt_running
from streams.errors import SettingsError

app = typer.Typer(help="The documents of all calls in MongoDB.", no_args_is_help=True)
_BUILD_LIMIT_S = 3600.0


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
    """Create the indexes that `retention` and `reprocess` search by, unless they are there.

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


async def _indexes(*, check: bool) -> list[str]:
    try:
        from store.calls import OutcomeStore
        from store.database import Database
        from store.settings import StoreSettings
    except ImportError as error:
        raise SettingsError(f"{error.name} is missing", "Install it with: pip install 'callsift[sink]'") from error
    documents = OutcomeStore(Database(StoreSettings.read(), answer_limit_s=_BUILD_LIMIT_S))
    try:
        return await (documents.missing_indexes() if check else documents.create_indexes())
    finally:
        documents.close()
