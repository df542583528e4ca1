"""``callsift outcomes``: prints outcomes as downstream teams see them."""

from typing import Annotated

import typer

from callsift.commands.output import category_title, print_json, reason, results
from callsift.running import adopt_running
from schemas import CallOutcome, Taxonomies
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

app = typer.Typer(help="Read calls.outcomes, as a downstream team would.", no_args_is_help=True)


@app.callback()
def outcomes() -> None:
    """Read calls.outcomes, as a downstream team would."""


@app.command()
def tail(
    from_start: Annotated[bool, typer.Option(help="Begin with the oldest outcome that the broker still has.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds. Default: never.", min=0)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one outcome a line.")] = False,
) -> None:
    """Print outcomes as they come, until Ctrl-C."""
    from streams.kafka import TopicReader

    adopt_running()
    Taxonomies.load()  # what is no taxonomy is told before any outcome
    reader = TopicReader(KafkaSettings.read(), OUTCOMES.name, from_start=from_start)
    try:
        for value in reader.values(seconds):
            outcome = CallOutcome.model_validate_json(value)
            if as_json:
                print_json(outcome.model_dump(mode="json"), indent=None)
            else:
                title = category_title(outcome)
                line = f"{outcome.call_id}  {outcome.state:<6}  {title}  {reason(outcome)}"
                results.out(line, highlight=False)
    finally:
        reader.close()
