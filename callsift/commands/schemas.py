"""``callsift schemas``: writes the contract for other teams."""

import json
from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes
from streams.settings import KafkaSettings

app = typer.Typer(help="The contract for other teams.", no_args_is_help=True)


@app.callback()
def schemas() -> None:
    """The contract for other teams."""


@app.command()
def export(directory: Annotated[Path, typer.Argument(help="Folder to write to.")]) -> None:
    """Write JSON Schema of every event, one AsyncAPI 3 document of all topics, and the API's OpenAPI document."""
    from streams.contract import export_contract

    written = export_contract(directory, KafkaSettings.read().prefix)
    with needs("api"):
        from api.app import described_app
    document = directory / "openapi.json"
    document.write_text(json.dumps(described_app().openapi(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    written.append(document)
    notes.print(f"wrote {len(written)} files to {directory}")
