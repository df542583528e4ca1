"""The command line. Exit codes: callsift/exits.py."""

import os
from importlib import metadata
from typing import Annotated

import typer

from callsift.commands import (
    brake,
    dlq,
    keys,
    mapping,
    model,
    outcomes,
    retention,
    schemas,
    source,
    store,
    taxonomy,
    topics,
    wer,
)
from callsift.commands.api import api
from callsift.commands.backfill import backfill
from callsift.commands.demo import demo
from callsift.commands.doctor import doctor
from callsift.commands.emit import emit
from callsift.commands.evaluate import evaluate
from callsift.commands.forget import forget, hold
from callsift.commands.inspect import inspect
from callsift.commands.output import results
from callsift.commands.prompt import prompt
from callsift.commands.push import push
from callsift.commands.reconcile import reconcile
from callsift.commands.redact import redact
from callsift.commands.reprocess import reprocess
from callsift.commands.status import status
from callsift.commands.summary import summary
from callsift.commands.train import train
from callsift.commands.trial import trial
from callsift.commands.up import up
from callsift.commands.worker import worker
from callsift.exits import told
from callsift.settings import refuse_unknown
from schemas.taxonomy import use
from streams.settings import TaxonomySettings

app = typer.Typer(
    help="Turns every phone call into a classified outcome seconds after hang-up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        results.out(metadata.version("callsift"), highlight=False)
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Look at the settings before any command."""
    refuse_unknown(os.environ)
    use(TaxonomySettings.read().folder)


for command in (demo, up, doctor, status, emit, inspect, redact, prompt, worker, api, train, reprocess, forget, hold):
    app.command()(command)
app.command()(reconcile)
app.command()(trial)
app.command()(push)
app.command()(backfill)
app.command()(summary)
app.command("eval")(evaluate)
app.add_typer(outcomes.app, name="outcomes")
app.add_typer(dlq.app, name="dlq")
app.add_typer(topics.app, name="topics")
app.add_typer(store.app, name="store")
app.add_typer(brake.app, name="brake")
app.add_typer(keys.app, name="keys")
app.add_typer(model.app, name="model")
app.add_typer(mapping.app, name="mapping")
app.add_typer(retention.app, name="retention")
app.add_typer(source.app, name="source")
app.add_typer(schemas.app, name="schemas")
app.add_typer(taxonomy.app, name="taxonomy")
app.add_typer(wer.app, name="wer")


def main() -> None:
    """Run the command line; leaves by SystemExit."""
    with told():
        app()
