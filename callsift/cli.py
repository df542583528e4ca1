"""The command line. Exit codes: 0 done, 1 failed, 2 misuse (also a setting that is wrong)."""

import os
import signal
import sys

import typer

from callsift.commands import brake, dlq, model, outcomes, retention, schemas, store, topics
from callsift.commands.demo import demo
from callsift.commands.emit import emit
from callsift.commands.evaluate import evaluate
from callsift.commands.forget import forget, hold
from callsift.commands.inspect import inspect
from callsift.commands.output import notes
from callsift.commands.prompt import prompt
from callsift.commands.redact import redact
from callsift.commands.reprocess import reprocess
from callsift.commands.status import status
from callsift.commands.train import train
from callsift.commands.up import up
from callsift.commands.worker import worker
from callsift.settings import refuse_unknown
from streams.errors import CallsiftError, SettingsError

app = typer.Typer(
    help="Turns every phone call into a classified outcome seconds after hang-up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.callback()(lambda: refuse_unknown(os.environ))
for command in (demo, up, status, emit, inspect, redact, prompt, worker, train, reprocess, forget, hold):
    app.command()(command)
app.command("eval")(evaluate)
app.add_typer(outcomes.app, name="outcomes")
app.add_typer(dlq.app, name="dlq")
app.add_typer(topics.app, name="topics")
app.add_typer(store.app, name="store")
app.add_typer(brake.app, name="brake")
app.add_typer(model.app, name="model")
app.add_typer(retention.app, name="retention")
app.add_typer(schemas.app, name="schemas")


def main() -> None:
    """Run the command line; leaves by SystemExit."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that what was started is ended; workers set their own
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        app()
    except SystemError as error:
        if isinstance(error.__cause__, SystemExit):  # the handler above ran inside a Kafka client's call
            raise error.__cause__ from None
        raise
    except CallsiftError as error:
        notes.print("error:", style="bold red", end=" ")
        notes.print(str(error), markup=False, highlight=False)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
