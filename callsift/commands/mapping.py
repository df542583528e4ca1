"""``callsift mapping``: tries a mapping of a webhook, without a broker and without an API."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json
from sources.observation import Observation, Refused, call_ended
from streams.errors import CallsiftError, SettingsError, broken_rules

app = typer.Typer(help="Mappings of webhooks (docs/sources.md).", no_args_is_help=True)


@app.callback()
def mapping() -> None:
    """Mappings of webhooks (docs/sources.md)."""


@app.command("test")
def try_out(
    payload: Annotated[Path | None, typer.Argument(help="File with the body as it is sent; unset: none.")] = None,
    preset: Annotated[str | None, typer.Option(help="A mapping that is shipped.")] = None,
    mapping_file: Annotated[Path | None, typer.Option("--mapping", help="File of a mapping of your own.")] = None,
    query: Annotated[str, typer.Option(help="What stands behind the ? of the address.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="A header, 'Name: value'; may be given often.")] = None,
    form: Annotated[bool, typer.Option(help="The body is a form, and not JSON.")] = False,
    time_zone: Annotated[str | None, typer.Option(help="Time zone of moments without an offset.")] = None,
    recordings: Annotated[str | None, typer.Option(help="Where the addresses of recordings begin.")] = None,
) -> None:
    """Print the call-ended event that would come of a request. Exit code 1: none would, and why."""
    with needs("api"):
        from sources.mapping import Sent
        from sources.settings import SourcesFile
        from sources.webhooks import make_sources
    from sources.mapping.sent import FORM

    one = {"preset": preset, "mapping": mapping_file, "time_zone": time_zone, "recordings": recordings}
    try:
        file = SourcesFile.model_validate({"webhooks": {"test": one}})
    except ValidationError as error:
        raise SettingsError(broken_rules(error), "Correct the options") from None
    source = make_sources(file)["test"]
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in header or ())}
    observed = source.observation(Sent.read(_body(payload), FORM if form else "application/json", query, headers))
    if observed is None:
        notes.print("Nothing would come of it: it is about no call that is over, says the mapping's takes.")
        raise typer.Exit(1)
    print_json(_event(observed))


def _event(observed: Observation) -> object:
    try:
        return call_ended(observed).model_dump(mode="json", exclude_none=True)
    except Refused:
        notes.print("The mapping makes this of it, which is no call-ended event:")
        print_json(dict(observed.content))
        raise


def _body(payload: Path | None) -> bytes:
    try:
        return b"" if payload is None else payload.read_bytes()
    except OSError as error:
        raise CallsiftError(f"cannot read {payload}: {error.strerror}", "Name a file that exists") from error
