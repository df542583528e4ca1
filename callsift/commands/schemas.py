"""``callsift schemas``: writes the contract for other teams."""

from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.output import notes
from streams.settings import KafkaSettings

app = typer.Typer(help="The contract for other teams.", no_args_is_help=True)


@app.callback()
def schemas() -> None:
    """The contract for other teams."""


@app.command()
def export(directory: Annotated[Path, typer.Argument(help="Folder to write to.")]) -> None:
    """Write JSON Schema of every event and one AsyncAPI 3 document of all topics."""
    from streams.contract import export_contract

    written = export_contract(directory, KafkaSettings.read().prefix)
    notes.print(f"wrote {len(written)} files to {directory}")
